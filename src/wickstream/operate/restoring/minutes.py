"""One symbol's candles made right in warm and cold, by the best evidence there is of each."""

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping

from wickstream.candle import Candle
from wickstream.config import Market, Settings
from wickstream.events import DAY_MS, MINUTE_MS
from wickstream.exchange.recovery.mending import Span
from wickstream.operate.restoring.judgement import Deed, Held, Judgement, best_of, judged, says_the_same
from wickstream.operate.restoring.stores import Stores
from wickstream.operate.restoring.trade_sources import TradeSources, among
from wickstream.operate.restoring.traded import traded_minutes
from wickstream.operate.restoring.views import FEW, View, chained
from wickstream.store.cold.bulk import LakeReader

NEAR_MS = 2 * 60 * MINUTE_MS  # within which a trade before and after a minute is looked for
MOST_IDS = 5_000_000  # of one minute: what claims to have more has an edited id

Tell = Callable[[str], None]


class Minutes:
    """Of one run. Every method may raise StoreBusy; run again, it goes on from there."""

    def __init__(self, settings: Settings, *, is_cold_proven: bool, tell: Tell) -> None:
        """`is_cold_proven`: every file of the lake is what it was when it came."""
        self._settings = settings
        self._is_cold_proven = is_cold_proven
        self._tell = tell
        self._sources = TradeSources(settings, tell=tell)
        self._stores = Stores(settings)
        self._no_exchange: str | None = None
        self.unrepaired: list[str] = []

    def mend(self, view: View, named: Collection[int]) -> None:
        """`named`: minutes at which the proof found something."""
        to_cold, odd_there = chained(view.lacking_in_cold(), view.warm)
        to_warm, odd_here = chained(view.lacking_in_warm(), view.cold)
        doubtful = view.doubtful(named) | {candle.open_time for candle in (*odd_there, *odd_here)}
        doubtful |= self._contradicted(
            view.symbol, [one for one in (*to_cold, *to_warm) if one.open_time not in doubtful]
        )
        self._store([one for one in to_cold if one.open_time not in doubtful], self._stores.to_cold, view, "cold")
        self._store([one for one in to_warm if one.open_time not in doubtful], self._stores.to_warm, view, "warm")
        doubtful -= view.on_their_way(doubtful)
        if doubtful:
            self._decide(view, doubtful)

    def _store(self, candles: list[Candle], store: Callable[[list[Candle]], None], view: View, where: str) -> None:
        if candles:
            store(candles)
            self._tell(f"{view.symbol}: {len(candles):,} candles brought back to {where}")

    def _contradicted(self, symbol: str, candles: Collection[Candle]) -> set[int]:
        """Those that their trades do not make; many of them are believed as they are."""
        if len(candles) > FEW:
            return set()
        right = self._traded(symbol, {candle.open_time for candle in candles})
        return {one.open_time for one in candles if not says_the_same(one, right.get(one.open_time, one))}

    def _decide(self, view: View, doubtful: set[int]) -> None:
        held, neighbours = view.held(doubtful), view.neighbours(doubtful)
        right = self._traded(view.symbol, doubtful)
        if lost := doubtful - right.keys():
            self._bring_trades(view.symbol, {at: held[at] for at in lost}, neighbours)
            right |= self._traded(view.symbol, lost)
        occupied = self._stores.occupied(view.symbol, doubtful)
        deeds: dict[int, Judgement] = {}
        for at in sorted(doubtful):
            word = right.get(at) or best_of(held[at], neighbours, is_cold_proven=self._is_cold_proven)
            deeds[at] = judged(held[at], word, occupied=occupied.get(at))
            if word is not None:
                neighbours[at] = word  # the next one is held against it
        self._do(view, deeds)

    def _do(self, view: View, deeds: Mapping[int, Judgement]) -> None:
        by_deed: dict[Deed, list[Candle]] = {deed: [] for deed in Deed}
        for at, judgement in deeds.items():
            deed = judgement.deed
            if deed is Deed.LEAVE:
                self.unrepaired.append(f"{view.symbol} {at}: {judgement.why}")
            elif judgement.candle is not None:
                is_old = at < view.kept_since_ms and deed is Deed.PUBLISH  # warm would keep it from now on
                by_deed[Deed.TO_COLD if is_old else deed].append(judgement.candle)
        self._stores.publish(by_deed[Deed.PUBLISH])
        self._stores.to_cold(by_deed[Deed.TO_COLD])
        self._stores.to_warm(by_deed[Deed.TO_WARM])
        self._stores.remove_from_warm(by_deed[Deed.REMOVE])
        told = ", ".join(f"{len(candles):,} {deed}" for deed, candles in by_deed.items() if candles)
        self._tell(f"{view.symbol}: {told}")

    def _traded(self, symbol: str, minutes: Collection[int]) -> dict[int, Candle]:
        """By archived trades, a day after the other."""
        found: dict[int, Candle] = {}
        if self._settings.exchange_market is Market.USDM:  # ids are not consecutive
            return found
        archive = LakeReader(self._settings)
        for day in sorted({at // DAY_MS for at in minutes}):
            some = [at for at in minutes if at // DAY_MS == day]
            trades = archive.trades(symbol, min(some) - NEAR_MS, max(some) + MINUTE_MS + NEAR_MS)
            if not trades.is_empty():
                found |= traded_minutes(symbol, trades, some)
        return found

    def _bring_trades(self, symbol: str, lost: Mapping[int, Held], neighbours: Mapping[int, Candle]) -> None:
        """Of minutes whose trades are not in the archive, with one before and one after each."""
        first_ms, last_ms = min(lost) - NEAR_MS, max(lost) + MINUTE_MS + NEAR_MS
        lacking = self._lacking(symbol, lost, neighbours, within_ms=(first_ms, last_ms))
        if lacking and self._sources.from_kafka(among({symbol: lacking}), first_ms=first_ms, last_ms=last_ms):
            lacking = self._lacking(symbol, lost, neighbours, within_ms=(first_ms, last_ms))
        if lacking and self._no_exchange is None:
            self._no_exchange = asyncio.run(self._sources.from_exchange({symbol: lacking}, last_ms=max(lost)))

    def _lacking(
        self, symbol: str, lost: Mapping[int, Held], neighbours: Mapping[int, Candle], *, within_ms: tuple[int, int]
    ) -> list[Span]:
        spans = sorted(_ids(lost, neighbours))
        return [part for span in spans for part in self._sources.lacking(symbol, span, within_ms=within_ms)]

    def old_minutes(self, symbol: str, day: int, *, held: Collection[int], halts: Collection[int]) -> int:
        """Of a day that only the lake kept, what its trades prove and it does not have any more; tells how many."""
        minutes = set(range(day * DAY_MS, (day + 1) * DAY_MS, MINUTE_MS)) - set(held) - set(halts)
        found = self._traded(symbol, minutes)
        self._stores.to_cold(list(found.values()))
        return len(found)


def _ids(lost: Mapping[int, Held], neighbours: Mapping[int, Candle]) -> Iterator[Span]:
    for at, held in lost.items():
        before, after = neighbours.get(at - MINUTE_MS), neighbours.get(at + MINUTE_MS)
        firsts = [word.first_trade_id for word in held.words if word.first_trade_id is not None]
        lasts = [word.last_trade_id for word in held.words if word.last_trade_id is not None]
        first = before.last_trade_id + 1 if before and before.last_trade_id is not None else min(firsts, default=None)
        last = after.first_trade_id - 1 if after and after.first_trade_id is not None else max(lasts, default=None)
        if first is not None and last is not None and 0 <= last + 1 - first <= MOST_IDS:
            yield Span(max(0, first - 1), last + 1)
