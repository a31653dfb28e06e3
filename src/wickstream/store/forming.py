"""The candle that is forming, from single trades, within milliseconds. Spark's is the one that is kept. Pure."""

from wickstream.candle import Candle, Minute, window_start
from wickstream.events import Trade


class Forming:
    """One symbol's newest trade, and its running minute."""

    def __init__(self) -> None:
        self.newest: Trade | None = None
        self._newest_id = -1
        self._minute: Minute | None = None

    def take(self, trade: Trade) -> bool:
        """Tell whether anything changed: a trade seen before (uncommitted records come again) changes nothing."""
        if trade.trade_id <= self._newest_id:
            return False
        self._newest_id = trade.trade_id
        if not trade.counts:
            return False
        self.newest = trade
        open_time = window_start(trade.traded_at_ms, "1m")
        if self._minute is None or open_time > self._minute.open_time:
            self._minute = Minute.of(trade)
        if open_time == self._minute.open_time:  # one late into an earlier minute is Spark's to count
            self._minute.add(trade)
        return True

    def candle(self) -> Candle | None:
        """The running minute, never closed; null before the first trade."""
        return self._minute.candle() if self._minute else None
