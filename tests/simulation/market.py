"""A made-up market, known to its end: trades, ids that never were, halts, and what the exchange's databases lag."""

from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from wickstream.candle import Candle, Origin
from wickstream.events import MINUTE_MS

EPOCH_MS = 1_750_000_020_000  # of the loop's second 0, where a minute begins
PAST_S = 150  # history before that
DATABASE_LAG_S = 3.0
STATISTICS_LAG_S = 2.0
QUIET_PRICE = "10.00000000"


@dataclass(frozen=True)
class Traded:
    """One trade; times are the loop's, s."""

    trade_id: int
    traded_at_ms: int  # since 1970
    sent_at_s: float
    in_database_at_s: float
    in_statistics_at_s: float
    data: bytes

    @property
    def price(self) -> str:
        return price_of(self.trade_id)


def price_of(trade_id: int) -> str:
    """Tells ids apart."""
    return f"{trade_id % 89 + 1}.{trade_id % 100:02d}000000"


@dataclass(frozen=True)
class Halt:
    """No trade in between; times are the loop's, s."""

    from_s: float
    until_s: float
    has_tickers: bool


@dataclass
class SymbolMarket:
    """All there ever is of one symbol."""

    symbol: str
    trades: list[Traded] = field(default_factory=list)
    absent: set[int] = field(default_factory=set)  # ids the exchange skipped
    halts: list[Halt] = field(default_factory=list)
    klines: dict[int, Candle] = field(default_factory=dict)  # by open time

    def is_halted(self, at_s: float) -> Halt | None:
        for halt in self.halts:
            if halt.from_s <= at_s < halt.until_s:
                return halt
        return None

    def minutes(self) -> dict[int, list[Traded]]:
        """Trades by open time of their minute."""
        found: dict[int, list[Traded]] = {}
        for trade in self.trades:
            found.setdefault(minute_of(trade.traded_at_ms), []).append(trade)
        return found


def to_ms(at_s: float) -> int:
    """The loop's seconds since 1970."""
    return EPOCH_MS + int(at_s * 1_000)


def minute_of(time_ms: int) -> int:
    """Open time."""
    return time_ms // MINUTE_MS * MINUTE_MS


def make_market(symbol: str, chance: Random, *, troubled_s: float, until_s: float) -> SymbolMarket:
    """Bursts and silences, groups within a millisecond, trades at the edges of minutes, halts, absent ids."""
    market = SymbolMarket(symbol)
    if chance.random() < 0.35:
        lasts_s = chance.choice((15, 60, 130, 190))
        begins_s = chance.uniform(70, until_s - 180 - lasts_s)
        market.halts.append(Halt(begins_s, begins_s + lasts_s, has_tickers=chance.random() < 0.5))
    absence = chance.choice((0, 0, 0.004, 0.02))
    trade_id, at_s, sent_s = chance.randrange(1_000, 9_000), -float(PAST_S), -1e9
    pause_s, phase_ends_s = 1.0, at_s
    while at_s < until_s:
        if at_s >= phase_ends_s:
            pause_s, phase_ends_s = chance.choice((0.3, 0.6, 2, 2, 8, 60)), at_s + chance.uniform(15, 100)
        at_s += chance.expovariate(1 / pause_s)
        time_ms = to_ms(at_s)
        if chance.random() < 0.1:  # the edges of a minute
            time_ms = minute_of(time_ms) + chance.choice((0, MINUTE_MS - 1))
        previous_ms = market.trades[-1].traded_at_ms if market.trades else 0
        time_ms = max(time_ms, previous_ms)
        at_s = max(at_s, (time_ms - EPOCH_MS) / 1_000)
        if market.is_halted(at_s) or at_s >= until_s:
            continue
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            while market.trades and at_s < troubled_s and chance.random() < absence:
                market.absent.add(trade_id)
                trade_id += 1
            lag_s = 0.0 if chance.random() < 0.8 else chance.choice((0.05, 0.2, 2.05))
            sent_s = max(sent_s, at_s + lag_s)
            market.trades.append(_traded(symbol, trade_id, time_ms, sent_s, at_s, chance))
            trade_id += 1
    _learn_in_order(market)
    market.klines = _klines(market, until_s)
    return market


def _traded(symbol: str, trade_id: int, time_ms: int, sent_s: float, at_s: float, chance: Random) -> Traded:
    data = b'{"e":"trade","E":%d,"s":"%b","t":%d,"p":"%b","q":"1.00000000","T":%d,"m":true,"M":true}' % (
        to_ms(sent_s),
        symbol.encode(),
        trade_id,
        price_of(trade_id).encode(),
        time_ms,
    )
    statistics_s = at_s + (0.0 if chance.random() < 0.6 else chance.uniform(0, STATISTICS_LAG_S))
    return Traded(trade_id, time_ms, sent_s, at_s + chance.uniform(0, DATABASE_LAG_S), statistics_s, data)


def _learn_in_order(market: SymbolMarket) -> None:
    """The statistics learn trades in the order of their ids; the database need not."""
    known_s, trades = -1e9, []
    for trade in market.trades:
        known_s = max(known_s, trade.in_statistics_at_s)
        trades.append(Traded(**{**trade.__dict__, "in_statistics_at_s": known_s}))
    market.trades = trades


def _klines(market: SymbolMarket, until_s: float) -> dict[int, Candle]:
    """A minute with an instant of trading has one; without trades it is flat."""
    by_minute, found, close = market.minutes(), {}, QUIET_PRICE
    for open_time in range(minute_of(to_ms(-PAST_S)), to_ms(until_s) + 10 * MINUTE_MS, MINUTE_MS):
        trades = by_minute.get(open_time, [])
        from_s = (open_time - EPOCH_MS) / 1_000
        halted_s = sum(max(0.0, min(h.until_s, from_s + 60) - max(h.from_s, from_s)) for h in market.halts)
        if trades or halted_s < 60:
            found[open_time] = _kline(market.symbol, open_time, trades, close)
        close = trades[-1].price if trades else close
    return found


def _kline(symbol: str, open_time: int, trades: list[Traded], close: str) -> Candle:
    prices = [Decimal(trade.price) for trade in trades] or [Decimal(close)]
    zero = Decimal(0)
    return Candle(
        symbol=symbol,
        interval="1m",
        open_time=open_time,
        close_time=open_time + MINUTE_MS - 1,
        open=prices[0],
        high=max(prices),
        low=min(prices),
        close=prices[-1],
        volume=Decimal(len(trades)),
        quote_volume=sum(prices, zero) if trades else zero,
        trade_count=len(trades),
        taker_buy_volume=zero,
        taker_buy_quote_volume=zero,
        first_trade_id=None,
        last_trade_id=None,
        closed=True,
        revision=0,
        origin=Origin.EXCHANGE,
        published_at=0,
    )
