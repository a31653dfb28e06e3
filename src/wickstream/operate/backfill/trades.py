"""A day's trades: from the archive's daily file into ours, a part at a time."""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl

from wickstream.binance.archive import trades_path
from wickstream.binance.archive_frames import trades_of
from wickstream.candle import Candle
from wickstream.errors import Refused
from wickstream.exchange.rest.archive_host import ArchiveHost
from wickstream.operate.backfill.archived import Archived
from wickstream.operate.backfill.asking import patiently
from wickstream.operate.backfill.borders import Border, Borders
from wickstream.operate.backfill.daily_file import blocks_of
from wickstream.operate.backfill.outcome import Filled, Outcome, unissued
from wickstream.operate.backfill.tally import Tally
from wickstream.operate.backfill.wanted import Day

PART_ROWS = 250_000  # about 12 MB as columns; a commit each
BLOCK_BYTES = 2 << 20  # of text
READ_AT_ONCE = 2  # days; the others are downloaded meanwhile


class Trades:
    """Fills whole days. Every question may raise ExchangeError or StoreBusy; asking again goes on from there."""

    def __init__(self, host: ArchiveHost, borders: Borders, archived: Archived, *, folder: Path, now_ms: int) -> None:
        """`folder`: for files while they are read; `now_ms`: the exchange's clock: days that end later have none."""
        self._host = host
        self._borders = borders
        self._archived = archived
        self._folder = folder
        self._now_ms = now_ms
        self._reading = asyncio.Semaphore(READ_AT_ONCE)

    async def fill(self, day: Day, filled: Filled) -> Mapping[int, Candle]:
        """Archive what is not there; the candles of the trades that were read."""
        if day.ends_at > self._now_ms:
            filled.outcome, filled.note = Outcome.NO_FILE_YET, "the day is not over"
            return {}
        border = await self._borders.of(day)
        if border.is_empty:
            filled.outcome, filled.note = Outcome.NO_FILE, "nothing was traded"
            return {}
        if await self._is_there(day, border):
            filled.outcome, filled.is_complete = Outcome.THERE, True
            return {}
        tally = await self._fetch(day, filled)
        if tally is None:
            return {}
        filled.missing_ids = tally.missing(border)
        if filled.missing_ids:
            filled.is_complete = False
        elif await self._joins(day.symbol, tally, border):
            filled.is_complete = True
        return tally.candles()

    async def _is_there(self, day: Day, border: Border) -> bool:
        """Whether the archive has each id of the day, as far as the exchange tells which those are."""
        if border.first is None or border.after is None:
            return False
        return await self._archived.has(day.symbol, border.first, border.after - 1)

    async def _joins(self, symbol: str, tally: Tally, border: Border) -> bool:
        """Whether no id can be missing at the ends: the exchange says where they are, or their neighbours are there."""
        if tally.first_id is None or tally.last_id is None:
            return False
        before, after = tally.first_id - 1, tally.last_id + 1
        begins = border.first is not None or await self._archived.has(symbol, before, before)
        return begins and (border.after is not None or await self._archived.has(symbol, after, after))

    async def _fetch(self, day: Day, filled: Filled) -> Tally | None:
        target = self._folder / f"{day.symbol}-trades-{day.date}.zip"
        try:
            await patiently(lambda: self._download(day, target))
            async with self._reading:
                tally, filled.stored = await self._store(day, target)
        except Refused as exc:
            if exc.status != 404:
                raise
            self._borders.require_listed(day.symbol)
            filled.outcome = unissued(day, now_ms=self._now_ms)
            return None
        finally:
            target.unlink(missing_ok=True)
        filled.source = "archive"
        filled.outcome = Outcome.STORED if filled.stored else Outcome.THERE
        return tally

    async def _download(self, day: Day, target: Path) -> None:
        path = trades_path(day.symbol, day.date)
        await self._host.fetch(path, target, sha256=await self._host.checksum(path))

    async def _store(self, day: Day, zipped: Path) -> tuple[Tally, int]:
        tally, stored = Tally(day), 0
        parts = _parts(zipped, tally)
        while (part := await asyncio.to_thread(next, parts, None)) is not None:
            stored += await self._archived.add(day.symbol, part)
        return tally, stored


def _parts(zipped: Path, tally: Tally) -> Iterator[pl.DataFrame]:
    """The trades of a file, some hundred thousand at a time, each block of them counted in before it is given."""
    waiting: list[pl.DataFrame] = []
    for block in blocks_of(zipped, size=BLOCK_BYTES):
        frame = trades_of(block)
        tally.take(frame)
        waiting.append(frame)
        if sum(one.height for one in waiting) >= PART_ROWS:
            yield pl.concat(waiting)
            waiting.clear()
    if any(one.height for one in waiting):
        yield pl.concat(waiting)
