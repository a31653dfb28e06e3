"""The candle that is forming, from single trades, within milliseconds. Spark's is the one that is kept. Pure."""

from dataclasses import dataclass

import msgspec

from wickstream.candle import Candle, Minute, window_start
from wickstream.events import MINUTE_MS, Trade

KEEP_MINUTES = 10


class LaneMinute(msgspec.Struct, frozen=True, array_like=True):
    """A minute that has ended, as the live lane counted it."""

    is_whole: bool  # the trades before its first and after its last one were seen, and no id is missing between them
    candle: Candle  # never closed: only a mark proves that


@dataclass(slots=True)
class _Ended:
    minute: Minute
    is_whole: bool
    is_new: bool = True

    def told(self) -> LaneMinute:
        return LaneMinute(self.is_whole, self.minute.candle())


class Forming:
    """One symbol's newest trade, its running minute, and the last ones that have ended."""

    def __init__(self) -> None:
        self.newest: Trade | None = None
        self._newest_id = -1
        self._minute: Minute | None = None
        self._is_unbroken = False  # the running minute, with the step into it
        self._is_linked = False  # no id is missing since the newest trade that counts
        self._ended: dict[int, _Ended] = {}

    def take(self, trade: Trade) -> bool:
        """Tell whether anything changed: a trade seen before (uncommitted records come again) changes nothing."""
        if trade.trade_id <= self._newest_id:
            return False
        self._is_linked = self._is_linked and trade.trade_id == self._newest_id + 1
        self._newest_id = trade.trade_id
        if not trade.counts:
            return False
        self.newest = trade
        self._count(trade, window_start(trade.traded_at_ms, "1m"))
        self._is_linked = True
        return True

    def _count(self, trade: Trade, open_time: int) -> None:
        self._is_unbroken = self._is_unbroken and self._is_linked
        if self._minute is None or open_time > self._minute.open_time:
            self._end_minute(open_time)
            self._minute = Minute.of(trade)
            self._is_unbroken = self._is_linked
        if open_time == self._minute.open_time:
            self._minute.add(trade)
        elif late := self._ended.get(open_time):
            late.minute.add(trade)
            late.is_new = True

    def _end_minute(self, open_time: int) -> None:
        if self._minute is not None:
            self._ended[self._minute.open_time] = _Ended(self._minute, self._is_unbroken)
        oldest = open_time - KEEP_MINUTES * MINUTE_MS
        self._ended = {time: ended for time, ended in self._ended.items() if time >= oldest}

    def candle(self) -> Candle | None:
        """The running minute, never closed; null before the first trade."""
        return self._minute.candle() if self._minute else None

    def ended(self) -> tuple[LaneMinute, ...]:
        """The ended minutes that are new or have changed since they were asked for."""
        new = [ended for ended in self._ended.values() if ended.is_new]
        for ended in new:
            ended.is_new = False
        return tuple(ended.told() for ended in new)

    def forget_told(self) -> None:
        """All ended minutes are new again."""
        for ended in self._ended.values():
            ended.is_new = True
