"""Where a day's klines are to be had: the archive's daily file, and REST for what that lacks."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from wickstream.binance.archive import klines_path, parse_klines
from wickstream.candle import Candle
from wickstream.errors import Corrupted, Refused
from wickstream.events import MINUTE_MS
from wickstream.exchange.recovery.kline_book import GRACE_MS
from wickstream.exchange.rest.archive_host import ArchiveHost
from wickstream.exchange.rest.client import ExchangeClient
from wickstream.operate.backfill.asking import patiently
from wickstream.operate.backfill.daily_file import lines_of
from wickstream.operate.backfill.wanted import Day, Minutes, over


@dataclass
class DayKlines:
    """Closed klines of one day.

    Attributes:
        candles: by open time.
        since: open time of an earlier one that the exchange has, or of the first of these; None: not known.
        until: open time of the newest one that was seen, be it of a later day, once REST had its say.
    """

    candles: dict[int, Candle] = field(default_factory=dict)
    since: int | None = None
    until: int | None = None

    @property
    def between(self) -> Minutes:
        """Where a minute without one is a halt: there are earlier and later ones, and all sources were asked."""
        if self.since is None or self.until is None:
            return Minutes(0, -1)
        return Minutes(self.since + MINUTE_MS, self.until - MINUTE_MS)


class KlineSources:
    """Every question may raise ExchangeError."""

    def __init__(self, host: ArchiveHost, client: ExchangeClient, *, folder: Path, now_ms: int) -> None:
        """`folder`: for files while they are read; `now_ms`: the exchange's clock: what ends later is not looked at."""
        self.now_ms = now_ms
        self._host = host
        self._client = client
        self._folder = folder
        self._listed_at: dict[str, int | None] = {}

    async def is_listed_by(self, day: Day) -> bool:
        """Whether the exchange's first kline lies before the day's end; yes, where that is not known."""
        listed_at = await self._first_kline(day.symbol)
        return listed_at is None or listed_at < day.ends_at

    async def from_file(self, day: Day) -> DayKlines:
        """As the archive's daily file says; `origin=archive`.

        Raises:
            Refused, Corrupted: If there is none, or none that is what its CHECKSUM says.
        """
        return await patiently(lambda: self._from_file(day))

    async def _from_file(self, day: Day) -> DayKlines:
        path = klines_path(day.symbol, day.date)
        target = self._folder / f"{day.symbol}-1m-{day.date}.zip"
        try:
            await self._host.fetch(path, target, sha256=await self._host.checksum(path))
            candles = await asyncio.to_thread(self._parsed, target, day.symbol)
        finally:
            target.unlink(missing_ok=True)
        if not all(day.holds(candle.open_time) for candle in candles):
            raise Corrupted(f"{path}: klines of another day")
        return DayKlines(by_minute(candles))

    def _parsed(self, zipped: Path, symbol: str) -> list[Candle]:
        return parse_klines(lines_of(zipped), symbol, published_at=self.now_ms)

    async def complete(self, day: Day, klines: DayKlines) -> None:
        """Add what REST has beside; `origin=exchange`."""
        minutes = over(day.minutes, now_ms=self.now_ms - GRACE_MS)
        missing = [at for at in minutes.all() if at not in klines.candles]
        klines.since = await self._first_kline(day.symbol)
        klines.until = max(klines.candles, default=None)
        if not missing:
            return
        at: int | None = missing[0]
        while at is not None and at <= missing[-1]:
            page = await self._page(day.symbol, at)
            found = by_minute(kline for kline in page if day.holds(kline.open_time))
            klines.candles = found | klines.candles
            newest = max((kline.open_time for kline in page), default=None)
            klines.until = max((one for one in (klines.until, newest) if one is not None), default=None)
            at = None if newest is None else newest + MINUTE_MS
        klines.candles = dict(sorted(klines.candles.items()))

    async def _page(self, symbol: str, start_ms: int) -> list[Candle]:
        ask = partial(self._client.klines, symbol, start_ms, now_ms=self.now_ms - GRACE_MS)
        return [kline for kline in await patiently(ask) if kline.closed]

    async def _first_kline(self, symbol: str) -> int | None:
        """Open time of the first one there is; None: not known: REST forgets symbols, the archive does not."""
        if symbol not in self._listed_at:
            try:
                page = await self._page(symbol, 0)
            except Refused:
                page = []
            self._listed_at[symbol] = page[0].open_time if page else None
        return self._listed_at[symbol]


def by_minute(klines: Iterable[Candle]) -> dict[int, Candle]:
    """By the minute's start: after restarts of 2017 and 2018 some opened within one."""
    return {kline.open_time // MINUTE_MS * MINUTE_MS: kline for kline in klines}
