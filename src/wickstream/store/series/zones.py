"""Windows of another time zone: those of UTC, in a time that is moved. Pure.

Who answers a question sees minutes, halts and the clock as that zone's clocks show them; the answer is moved back.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from wickstream.candle import Candle
from wickstream.rendering import Rendered, rendered
from wickstream.store.hot.hour import HotHour
from wickstream.store.series.plan import Plan, Question
from wickstream.store.series.stitching import Cold, Found, Warm

if TYPE_CHECKING:
    from wickstream.store.series.ranges import Span, Stored
    from wickstream.store.series.wide import Minutes


@dataclass(frozen=True)
class Zone:
    """Clocks that are ahead of UTC by so much."""

    ahead_ms: int

    def question(self, question: Question) -> Question:
        """As these clocks show it."""
        return replace(question, start=self._time(question.start), end=self._time(question.end))

    def now(self, now_ms: int | None) -> int | None:
        """As these clocks show it."""
        return self._time(now_ms)

    def forming(self, candle: Candle | None) -> Candle | None:
        """As these clocks show it."""
        return None if candle is None else _moved(candle, self.ahead_ms)

    def hour(self, hour: HotHour | None) -> HotHour | None:
        """As these clocks show it."""
        if hour is None:
            return None
        rows = (self._rows(hour.closed), self._rows(hour.opened))
        return HotHour(self._time(hour.first_ms), self._time(hour.newest_ms), *rows)

    def back(self, found: Found) -> Found:
        """The answer in UTC."""
        return replace(found, candles=[_moved(candle, -self.ahead_ms) for candle in found.candles])

    def _rows(self, candles: Iterable[Candle]) -> Rendered:
        return Rendered([rendered(_moved(candle, self.ahead_ms)) for candle in candles])

    def _time(self, time_ms: int | None) -> int | None:
        return None if time_ms is None else time_ms + self.ahead_ms


def _moved(candle: Candle, by_ms: int) -> Candle:
    return msgspec.structs.replace(candle, open_time=candle.open_time + by_ms, close_time=candle.close_time + by_ms)


@dataclass(frozen=True)
class ZonedCold:
    """Cold, as clocks show it that are ahead by so much."""

    tier: Cold
    ahead_ms: int

    async def candles(self, symbol: str, wanted: Plan) -> list[Candle]:
        """As of the tier."""
        found = await self.tier.candles(symbol, _in_utc(wanted, self.ahead_ms))
        return [_moved(candle, self.ahead_ms) for candle in found]


@dataclass(frozen=True)
class ZonedWarm(ZonedCold):
    """Warm, as clocks show it that are ahead by so much."""

    tier: Warm

    async def halts(self, symbol: str, wanted: Plan) -> frozenset[int]:
        """As of the tier."""
        found = await self.tier.halts(symbol, _in_utc(wanted, self.ahead_ms))
        return frozenset(halt + self.ahead_ms for halt in found)


def _in_utc(wanted: Plan, ahead_ms: int) -> Plan:
    return replace(wanted, first_ms=wanted.first_ms - ahead_ms, last_ms=wanted.last_ms - ahead_ms)


@dataclass(frozen=True)
class ZonedMinutes:
    """Columns of what is stored, as clocks show it that are ahead by so much."""

    minutes: "Minutes"
    ahead_ms: int

    def stored(self, symbol: str, first_ms: int, last_ms: int, *, until_ms: int) -> "Stored":
        """As of the tiers."""
        ahead_ms = self.ahead_ms
        found = self.minutes.stored(symbol, first_ms - ahead_ms, last_ms - ahead_ms, until_ms=until_ms - ahead_ms)
        parts = {
            tier: part.with_columns(part["open_time"] + ahead_ms, part["close_time"] + ahead_ms)
            for tier, part in found.parts.items()
        }
        return replace(found, parts=parts, halts=frozenset(halt + ahead_ms for halt in found.halts))

    def span(self, symbol: str) -> "Span":
        """As of the tiers."""
        found = self.minutes.span(symbol)
        bounds = found.bounds and (found.bounds[0] + self.ahead_ms, found.bounds[1] + self.ahead_ms)
        return replace(found, bounds=bounds)
