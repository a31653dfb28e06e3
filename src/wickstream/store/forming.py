"""The candle that is forming, from single trades, within milliseconds. Spark's is the one that is kept. Pure."""

from dataclasses import dataclass
from decimal import Decimal

from wickstream.candle import EXACT, Candle, Origin, window_start
from wickstream.events import MINUTE_MS, Trade

INTERVAL = "1m"
NOTHING = Decimal(0)


@dataclass(slots=True)
class Minute:
    """One minute of one symbol as far as it was seen from here."""

    open_time: int
    first: Trade
    last: Trade
    high: Decimal
    low: Decimal
    count: int = 0
    volume: Decimal = NOTHING
    quote: Decimal = NOTHING
    taker_volume: Decimal = NOTHING
    taker_quote: Decimal = NOTHING

    def add(self, trade: Trade) -> None:
        """Count a trade in; they come in the order of their ids."""
        quote = EXACT.multiply(trade.price, trade.quantity)
        self.last = trade
        self.high = max(self.high, trade.price)
        self.low = min(self.low, trade.price)
        self.count += 1
        self.volume = EXACT.add(self.volume, trade.quantity)
        self.quote = EXACT.add(self.quote, quote)
        if not trade.buyer_is_maker:
            self.taker_volume = EXACT.add(self.taker_volume, trade.quantity)
            self.taker_quote = EXACT.add(self.taker_quote, quote)

    def candle(self) -> Candle:
        """Never closed; published at its newest trade's time."""
        return Candle(
            symbol=self.first.symbol,
            interval=INTERVAL,
            open_time=self.open_time,
            close_time=self.open_time + MINUTE_MS - 1,
            open=self.first.price,
            high=self.high,
            low=self.low,
            close=self.last.price,
            volume=self.volume,
            quote_volume=self.quote,
            trade_count=self.count,
            taker_buy_volume=self.taker_volume,
            taker_buy_quote_volume=self.taker_quote,
            first_trade_id=self.first.trade_id,
            last_trade_id=self.last.trade_id,
            closed=False,
            revision=0,
            origin=Origin.TRADES,
            published_at=self.last.traded_at_ms,
        )


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
        open_time = window_start(trade.traded_at_ms, INTERVAL)
        if self._minute is None or open_time > self._minute.open_time:
            self._minute = Minute(open_time, trade, trade, trade.price, trade.price)
        if open_time == self._minute.open_time:  # one late into an earlier minute is Spark's to count
            self._minute.add(trade)
        return True

    def candle(self) -> Candle | None:
        """The running minute; null before the first trade."""
        return self._minute.candle() if self._minute else None
