"""The exchange's archive: a day's trades as one file, downloaded, checked, and read row by row."""

import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

from wickstream.binance.archive import is_header, parse_row, traded_at_ms, trades_path
from wickstream.binance.rest import rebuild
from wickstream.config import Settings
from wickstream.errors import Corrupted, MalformedFrame
from wickstream.events import Source
from wickstream.exchange.rest.archive_host import ArchiveHost
from wickstream.exchange.sequencing.arrival import Arrival

KEPT_DAYS = 4  # files of the newest questions: a busy symbol's has 100 MB
ROWS_AT_ONCE = 5_000


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
    """Downloads into a temporary folder, which is gone with the context. May raise what its host does."""

    def __init__(self, settings: Settings) -> None:
        self._host = ArchiveHost(settings)
        self._folder = tempfile.TemporaryDirectory(prefix="wickstream-archive-")
        self._files: dict[tuple[str, date], DayFile] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._host.close()
        self._folder.cleanup()

    async def day(self, symbol: str, day: date) -> DayFile:
        """The file as it is issued now: files are issued anew, so the CHECKSUM is asked for each time."""
        path = trades_path(symbol, day)
        sha256 = await self._host.checksum(path)
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
        sha256 = await self._host.fetch(path, draft, sha256=sha256)
        # Under its checksum: an older issue may still be read.
        return DayFile(symbol, day, draft.replace(draft.with_name(f"{symbol}-{day}-{sha256[:12]}.zip")), sha256)
