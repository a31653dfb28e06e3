"""A day's candles: from the archive's file, from REST where there is none; only those that no tier holds."""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from wickstream.candle import Candle
from wickstream.errors import Corrupted, Refused
from wickstream.events import Gap, GapStatus
from wickstream.exchange.recovery.kline_book import GRACE_MS
from wickstream.exchange.recovery.ladder import SETTLED_MS
from wickstream.exchange.recovery.mending import agrees
from wickstream.operate.backfill.asking import patiently
from wickstream.operate.backfill.held import Held, Stored
from wickstream.operate.backfill.kline_sources import DayKlines, KlineSources
from wickstream.operate.backfill.outcome import Filled, Outcome, unissued
from wickstream.operate.backfill.publishing import Publisher
from wickstream.operate.backfill.wanted import Day, Minutes, over

_EVIDENCE = "the exchange has earlier and later klines and none of this minute"


class Klines:
    """Fills days of a range. Every question may raise ExchangeError or StoreBusy; asking again goes on from there."""

    def __init__(self, sources: KlineSources, held: Held, publisher: Publisher, wanted: Minutes) -> None:
        self._sources = sources
        self._held = held
        self._publisher = publisher
        self._wanted = wanted
        self._settled: dict[str, Counter[int]] = {}
        self._counting = asyncio.Lock()

    async def fill(self, day: Day, filled: Filled) -> Mapping[int, Candle]:
        """Publish what is wanted of a day and not held; the day's klines that were fetched for it."""
        now_ms = self._sources.now_ms
        due = over(self._wanted.within(day.minutes), now_ms=now_ms - GRACE_MS)
        if await self._is_settled(day, due):
            filled.outcome = Outcome.THERE
        elif await self._sources.is_listed_by(day):
            klines = await self._fetch(day, filled)
            await self._take(day, due, klines, filled)
            return klines.candles
        else:
            filled.outcome, filled.note = Outcome.NO_FILE, "not traded yet"
        return {}

    async def held(self, day: Day) -> Mapping[int, Candle]:
        """A day's closed candles as they are stored."""
        return (await self._stored(day)).candles

    async def _is_settled(self, day: Day, due: Minutes) -> bool:
        async with self._counting:
            if day.symbol not in self._settled:
                count = self._held.settled
                self._settled[day.symbol] = await patiently(lambda: asyncio.to_thread(count, day.symbol, self._wanted))
        return self._settled[day.symbol][day.starts_at] >= due.size

    async def _stored(self, day: Day) -> Stored:
        return await patiently(lambda: asyncio.to_thread(self._held.stored, day.symbol, day.minutes))

    async def _fetch(self, day: Day, filled: Filled) -> DayKlines:
        klines = DayKlines()
        try:
            klines = await self._sources.from_file(day)
            filled.source = "archive"
        except (Refused, Corrupted) as exc:
            filled.note = None if isinstance(exc, Refused) and exc.status == 404 else str(exc)
        try:
            await self._sources.complete(day, klines)
        except Refused as exc:
            if not filled.source:
                raise
            filled.note = str(exc)
        filled.source = filled.source or "exchange"
        return klines

    async def _take(self, day: Day, due: Minutes, klines: DayKlines, filled: Filled) -> None:
        stored = await self._stored(day)
        wanted = {at: kline for at, kline in sorted(klines.candles.items()) if at in due}
        # What opens within a minute is no candle of it; it only shows that there was no halt.
        new = [kline for at, kline in wanted.items() if at not in stored.candles and kline.open_time == at]
        filled.differing = sum(not agrees(held, wanted[at]) for at, held in stored.candles.items() if at in wanted)
        halts = list(self._halts(day, due, klines, stored))
        await patiently(lambda: self._publisher.publish(new, halts))
        filled.stored, filled.halts = len(new), len(halts)
        if not klines.candles:
            filled.outcome, filled.source = unissued(day, now_ms=self._sources.now_ms), None
        elif not (new or halts):
            filled.outcome = Outcome.THERE

    def _halts(self, day: Day, due: Minutes, klines: DayKlines, stored: Stored) -> Iterator[Gap]:
        known = klines.candles.keys() | stored.minutes
        return halts_among(day.symbol, due.within(klines.between), known, now_ms=self._sources.now_ms)


def halts_among(symbol: str, minutes: Minutes, known: Collection[int], *, now_ms: int) -> Iterator[Gap]:
    """Of minutes that lie between klines of the exchange those that nothing is known of, once it may be believed.

    `known`: open times.
    """
    for at in over(minutes, now_ms=now_ms - SETTLED_MS).all():
        if at not in known:
            yield Gap(symbol, None, None, at, now_ms, GapStatus.HALTED, evidence=_EVIDENCE)
