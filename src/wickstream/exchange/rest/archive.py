"""The exchange's archive: a day's trades as one file, downloaded, checked, and read row by row."""

import asyncio
import hashlib
import tempfile
import time
import zipfile
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
import structlog

from wickstream.binance.archive import is_header, parse_checksum, parse_row, traded_at_ms, trades_path
from wickstream.binance.rest import rebuild
from wickstream.config import Settings
from wickstream.errors import Corrupted, FeedLost, MalformedFrame, Refused
from wickstream.events import Source
from wickstream.exchange.sequencing.arrival import Arrival

log = structlog.get_logger()

SILENT_S = 30.0  # without a byte
KEPT_DAYS = 4  # files of the newest questions: a busy symbol's has 100 MB
ROWS_AT_ONCE = 5_000
_CHUNK = 1 << 20


@dataclass(frozen=True)
class DayFile:
    """A day's trades of a symbol, on this disk, equal to its CHECKSUM."""

    symbol: str
    day: date
    zipped: Path
    sha256: str

    def read(self, *, from_ms: int) -> Iterator[list[Arrival]]:
        """The trades from that time on, some thousand at a time, in the order of their ids. Blocks.

        Raises:
            Corrupted: If a row is no trade, out of order, or the zip is none.
        """
        arrivals = self._arrivals(from_ms)
        while batch := list(islice(arrivals, ROWS_AT_ONCE)):
            yield batch

    def _arrivals(self, from_ms: int) -> Iterator[Arrival]:
        received_us = time.time_ns() // 1_000
        newest_id = -1
        for line in self._lines():
            if traded_at_ms(line) < from_ms:
                continue
            try:
                _, data = rebuild(parse_row(line), self.symbol)
                arrival = Arrival.read(data, Source.ARCHIVE, received_us)
            except MalformedFrame as exc:
                raise Corrupted(f"{self.zipped.name}: {exc}") from exc
            if arrival.trade_id <= newest_id:
                raise Corrupted(f"{self.zipped.name}: trade {arrival.trade_id} comes after {newest_id}")
            newest_id = arrival.trade_id
            yield arrival

    def _lines(self) -> Iterator[bytes]:
        try:
            with zipfile.ZipFile(self.zipped) as archive, archive.open(archive.namelist()[0]) as rows:
                for number, line in enumerate(rows):
                    if line.strip() and not (number == 0 and is_header(line)):
                        yield line
        except (zipfile.BadZipFile, zlib.error, EOFError, IndexError) as exc:
            raise Corrupted(f"{self.zipped.name}: {exc}") from exc


class Archive:
    """Downloads into a temporary folder, which is gone with the context.

    Every question may raise:

    * Refused: the archive has no such file (status 404: not yet, or never), or does not answer for where we are.
    * FeedLost: no answer, or a server's fault; ask again later.
    * Corrupted: what came, twice, is not what its CHECKSUM says.
    """

    def __init__(self, settings: Settings) -> None:
        self._url = settings.exchange_archive_url
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None, sock_read=SILENT_S))
        self._folder = tempfile.TemporaryDirectory(prefix="wickstream-archive-")
        self._files: dict[tuple[str, date], DayFile] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()
        self._folder.cleanup()

    async def day(self, symbol: str, day: date) -> DayFile:
        """The file as it is issued now: files are issued anew, so the CHECKSUM is asked for each time."""
        path = trades_path(symbol, day)
        sha256 = parse_checksum((await self._small(f"{path}.CHECKSUM")).decode("utf-8", "replace"))
        known = self._files.get((symbol, day))
        if known is not None and known.sha256 == sha256:
            return known
        file = await self._checked(symbol, day, path, sha256)
        self._files[symbol, day] = file
        while len(self._files) > KEPT_DAYS:
            self._files.pop(next(iter(self._files))).zipped.unlink(missing_ok=True)
        return file

    async def _checked(self, symbol: str, day: date, path: str, sha256: str) -> DayFile:
        draft = Path(self._folder.name) / f"{symbol}-{day}.new"
        found = await self._download(path, draft)
        if found != sha256:
            log.warning("a file is not what its checksum says, asked again", path=path, checksum=sha256, found=found)
            sha256 = parse_checksum((await self._small(f"{path}.CHECKSUM")).decode("utf-8", "replace"))
            found = await self._download(path, draft)
        if found != sha256:
            raise Corrupted(f"{path}: SHA-256 {found[:12]}… where its CHECKSUM says {sha256[:12]}…")
        # Under its checksum: an older issue may still be read.
        return DayFile(symbol, day, draft.replace(draft.with_name(f"{symbol}-{day}-{sha256[:12]}.zip")), sha256)

    @asynccontextmanager
    async def _asked(self, path: str) -> AsyncIterator[aiohttp.ClientResponse]:
        where = f"{self._url}{path}"
        try:
            async with self._session.get(where) as answer:
                if answer.status >= 500 or answer.status in {418, 429}:
                    raise FeedLost(f"{where}: HTTP {answer.status}")
                if answer.status != 200:
                    raise Refused(f"{where}: HTTP {answer.status}", status=answer.status)
                yield answer
        except (TimeoutError, aiohttp.ClientError) as exc:
            raise FeedLost(f"{where}: {exc or type(exc).__name__}") from exc

    async def _small(self, path: str) -> bytes:
        async with self._asked(path) as answer:
            return await answer.content.read(1_000)

    async def _download(self, path: str, target: Path) -> str:
        """The SHA-256 of what came."""
        digest = hashlib.sha256()
        async with self._asked(path) as answer:
            with target.open("wb") as file:
                async for chunk in answer.content.iter_chunked(_CHUNK):
                    digest.update(chunk)
                    await asyncio.to_thread(file.write, chunk)
        return digest.hexdigest()
