"""The archive host of the local exchange: one zip a symbol and day that is over, with its CHECKSUM beside it."""

import asyncio
import hashlib
import re
import tempfile
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path

from aiohttp import web

from wickstream.exchange.local.doors.daily_rows import DAY_MS, ROWS
from wickstream.exchange.local.market.history import History
from wickstream.exchange.local.market.world import World
from wickstream.exchange.local.played_clock import PlayedClock

_PATH = re.compile(
    r"(?P<kind>trades|aggTrades|klines)/(?P<symbol>[^/]+)/(?:1m/)?"
    r"(?P=symbol)-(?:trades|aggTrades|1m)-(?P<day>\d{4}-\d\d-\d\d)\.zip"
)
_ROWS_AT_ONCE = 5_000
_EPOCH = (1980, 1, 1, 0, 0, 0)  # zip knows nothing older; the same bytes each time a file is made


class Flaw(StrEnum):
    """What may be wrong with a file; taken back, it is issued anew without."""

    WRONG_CHECKSUM = "wrong_checksum"  # of another file
    TRUNCATED = "truncated"  # the second half is missing; the CHECKSUM is that of the whole
    INCOMPLETE = "incomplete"  # every tenth row is missing; the CHECKSUM fits


@dataclass(frozen=True)
class DailyFile:
    """What one zip holds."""

    kind: str
    symbol: str
    day: date

    @property
    def name(self) -> str:
        """As the exchange names it, without an ending."""
        return f"{self.symbol}-{'1m' if self.kind == 'klines' else self.kind}-{self.day}"

    @property
    def starts_at_ms(self) -> int:
        """Midnight, UTC."""
        return int(datetime(self.day.year, self.day.month, self.day.day, tzinfo=UTC).timestamp()) * 1_000


@dataclass
class ArchiveServer:
    """Makes files when they are asked for, and keeps them until it is closed.

    Attributes:
        flaw_of: what is wrong with a file, by its name without an ending; may answer otherwise at any time.
    """

    world: World
    clock: PlayedClock
    flaw_of: Callable[[str], Flaw | None]
    _folder: Path = Path()  # while it is served
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)  # one is made at a time

    def add_routes(self, app: web.Application) -> None:
        """Serve `/data/spot/daily`."""
        app.router.add_get("/data/spot/daily/{path:.*}", self._answer)
        app.cleanup_ctx.append(self._with_folder)

    async def _with_folder(self, _: web.Application) -> AsyncIterator[None]:
        with tempfile.TemporaryDirectory(prefix="wickstream-exchange-") as folder:
            self._folder = Path(folder)
            yield

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        file = _file_of(path.removesuffix(".CHECKSUM"))
        history = self.world.histories.get(file.symbol) if file else None
        if file is None or history is None or not self._is_issued(file, history):
            raise web.HTTPNotFound(text="NoSuchKey")
        flaw = self.flaw_of(file.name)
        async with self._turn:
            made = await asyncio.to_thread(self._made, file, history, incomplete=flaw is Flaw.INCOMPLETE)
        if path.endswith(".CHECKSUM"):
            return web.Response(text=_checksum(made, file, flaw))
        if flaw is Flaw.TRUNCATED:
            return web.Response(body=made.read_bytes()[: made.stat().st_size // 2])
        return web.FileResponse(made)

    def _is_issued(self, file: DailyFile, history: History) -> bool:
        ends_at_ms = file.starts_at_ms + DAY_MS
        return ends_at_ms <= self.clock.read_ms() and history.before(ends_at_ms) > history.first

    def _made(self, file: DailyFile, history: History, *, incomplete: bool) -> Path:
        zipped = self._folder / f"{file.name}{'-incomplete' if incomplete else ''}.zip"
        if not zipped.exists():
            draft = zipped.with_suffix(".new")
            rows = ROWS[file.kind](history, file.starts_at_ms)
            if incomplete:
                rows = (row for number, row in enumerate(rows) if number % 10)
            _write(draft, f"{file.name}.csv", rows)
            draft.replace(zipped)
        return zipped


def _file_of(path: str) -> DailyFile | None:
    found = _PATH.fullmatch(path)
    try:
        file = DailyFile(found["kind"], found["symbol"], date.fromisoformat(found["day"])) if found else None
    except ValueError:  # no such day
        return None
    folder = f"{file.kind}/{file.symbol}/{'1m/' if file.kind == 'klines' else ''}" if file else ""
    return file if file and path == f"{folder}{file.name}.zip" else None


def _write(target: Path, name: str, rows: Iterator[str]) -> None:
    with (
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open(zipfile.ZipInfo(name, _EPOCH), "w", force_zip64=True) as entry,
    ):
        while part := "".join(islice(rows, _ROWS_AT_ONCE)):
            entry.write(part.encode())


def _checksum(zipped: Path, file: DailyFile, flaw: Flaw | None) -> str:
    """As `sha256sum` writes it."""
    with zipped.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return f"{digest[::-1] if flaw is Flaw.WRONG_CHECKSUM else digest}  {file.name}.zip\n"
