"""What was traded in the last hour: from the hot hour of all symbols in one round trip, and what it lacks from warm."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import redis.asyncio

from wickstream.candle import Candle
from wickstream.errors import StoreBusy
from wickstream.events import MINUTE_MS
from wickstream.store.lane.live import Clock
from wickstream.store.series.board import Moment
from wickstream.store.series.hot_reads import Heard, hear_all
from wickstream.store.series.stitching import attempt
from wickstream.store.series.turnover import Basis, Parts, TradedMinute, Turnovers, Window, added_up, minutes_in
from wickstream.store.warm.market_reads import read_minutes
from wickstream.store.warm.reads import WarmReader

NOTHING = Parts()


class HourReader:
    """`moment`: when now is, by the live lane's clock."""

    def __init__(
        self, source: str, client: "redis.asyncio.Redis", warm: WarmReader, moment: Callable[[Clock | None], Moment]
    ) -> None:
        self._source = source
        self._redis = client
        self._warm = warm
        self._moment = moment

    async def read(self, symbols: Sequence[str]) -> Turnovers:
        """Of each of these symbols; where no clock is heard, the hour that ends behind the newest closed candle.

        Raises:
            StoreBusy: If neither Redis nor PostgreSQL answers.
        """
        found, no_hot = await attempt(hear_all(self._redis, symbols))
        heard = dict(zip(symbols, found or (), strict=False))
        moment = self._moment(found[0].clock if found else None)
        now_ms = moment.now_ms or await self._behind_newest(symbols)
        if now_ms is None:
            return self._answer({}, moment, complete=False)
        window = Window.until(now_ms)
        lacking = [s for s in symbols if s not in heard or not window.is_in(heard[s].hour, now_ms)]
        warm, no_warm = await attempt(read_minutes(self._warm, lacking, window)) if lacking else ({}, None)
        if no_hot and no_warm:
            raise StoreBusy(f"{no_hot}; {no_warm}")
        # The rows of 500 symbols take a tenth of a second to decode.
        parts = await asyncio.to_thread(_with_hot, warm or {}, heard, symbols, window)
        complete = all(one.are_whole(window) for one in parts.values())
        away = tuple(tier for tier, trouble in (("hot", no_hot), ("warm", no_warm)) if trouble)
        return self._answer(parts, moment, complete=complete and not away, away=away)

    async def _behind_newest(self, symbols: Sequence[str]) -> int | None:
        newest_ms = await self._warm.newest_closed(symbols)
        return None if newest_ms is None else newest_ms + MINUTE_MS

    def _answer(
        self, parts: Mapping[str, Parts], moment: Moment, *, complete: bool, away: Sequence[str] = ()
    ) -> Turnovers:
        rows = [added_up(symbol, one.minutes) for symbol, one in parts.items() if one.minutes]
        tiers = {tier for one in parts.values() for tier in one.tiers}
        sources = (self._source, *(tier for tier in ("hot", "warm", "lane") if tier in tiers))
        return Turnovers(rows, Basis.CANDLES, complete, sources, moment, away)


def _with_hot(
    warm: Mapping[str, Parts], heard: Mapping[str, Heard], symbols: Sequence[str], window: Window
) -> dict[str, Parts]:
    parts = {symbol: warm.get(symbol, NOTHING) for symbol in symbols}
    for symbol, one in heard.items():
        lane = _within(one.now.forming, window)
        parts[symbol] = replace(parts[symbol], hot=minutes_in(one.hour, window), lane=lane)
    return parts


def _within(forming: Candle | None, window: Window) -> list[TradedMinute]:
    return list(filter(window.holds, [TradedMinute.of(forming)] if forming else []))
