"""The candle: plain form, version, roll-up and derived fields. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import StrEnum
from itertools import groupby
from typing import Self

import msgspec

from wickstream.events import DAY_MS, MINUTE_MS, Trade

# Sums of price × quantity need up to 38 digits; the default context would round at 28.
EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
EIGHT_PLACES = Decimal("0.00000001")
FOUR_PLACES = Decimal("0.0001")
NOTHING = Decimal(0)

_MONDAY_MS = 4 * DAY_MS  # 1970-01-05, the first Monday after the epoch
_FIXED_MS = {
    "1m": MINUTE_MS,
    "3m": 3 * MINUTE_MS,
    "5m": 5 * MINUTE_MS,
    "15m": 15 * MINUTE_MS,
    "30m": 30 * MINUTE_MS,
    "1h": 60 * MINUTE_MS,
    "2h": 120 * MINUTE_MS,
    "4h": 240 * MINUTE_MS,
    "6h": 360 * MINUTE_MS,
    "8h": 480 * MINUTE_MS,
    "12h": 720 * MINUTE_MS,
    "1d": DAY_MS,
    "3d": 3 * DAY_MS,
    "1w": 7 * DAY_MS,
}
INTERVALS = (*_FIXED_MS, "1M")


class Origin(StrEnum):
    """What a candle was computed from."""

    TRADES = "trades"
    AGG = "agg"
    EXCHANGE = "exchange"
    ARCHIVE = "archive"


class Candle(msgspec.Struct, frozen=True):
    """One symbol's trades in one window of trade time `T`; open and close by trade id."""

    symbol: str
    interval: str
    open_time: int  # ms
    close_time: int  # ms, inclusive: open_time + interval - 1
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal  # base asset
    quote_volume: Decimal
    trade_count: int
    taker_buy_volume: Decimal  # base asset
    taker_buy_quote_volume: Decimal
    first_trade_id: int | None  # null only where the candle was not computed from trades
    last_trade_id: int | None
    closed: bool
    revision: int
    origin: Origin
    published_at: int  # ms

    @property
    def version(self) -> tuple[int, bool, int]:
        """Compared in this order; a store replaces only by a larger one."""
        return (self.revision, self.closed, self.trade_count)


EXCHANGE_FIELDS = Candle.__struct_fields__[:13]


def supersedes(new: Candle, old: Candle) -> bool:
    """Tell whether `new` takes the place of `old`: by version, then `origin=trades` over another origin."""
    if new.version != old.version:
        return new.version > old.version
    return new.origin == Origin.TRADES and old.origin != Origin.TRADES


def contradicts(new: Candle, old: Candle) -> bool:
    """Tell whether two candles of equal version differ in what the exchange states: an error to count and show."""
    return new.version == old.version and any(getattr(new, f) != getattr(old, f) for f in EXCHANGE_FIELDS)


def window_start(time_ms: int, interval: str) -> int:
    """Open time (ms) of the window of `interval` that holds `time_ms`; weeks open on Monday, months on the first."""
    if interval == "1M":
        moment = datetime.fromtimestamp(time_ms / 1_000, UTC)
        return _epoch_ms(datetime(moment.year, moment.month, 1, tzinfo=UTC))
    width = _FIXED_MS[interval]
    shift = _MONDAY_MS if interval == "1w" else 0
    return (time_ms - shift) // width * width + shift


def window_end(open_time_ms: int, interval: str) -> int:
    """First ms after the window that opens at `open_time_ms`."""
    if interval != "1M":
        return open_time_ms + _FIXED_MS[interval]
    month = datetime.fromtimestamp(open_time_ms / 1_000, UTC)
    year, index = divmod(month.year * 12 + month.month, 12)
    return _epoch_ms(datetime(year, index + 1, 1, tzinfo=UTC))


def _epoch_ms(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000


@dataclass(slots=True)
class Minute:
    """One minute of one symbol, as its trades are counted in."""

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

    @classmethod
    def of(cls, first: Trade) -> Self:
        """The minute of its first trade, which is still to be added."""
        return cls(window_start(first.traded_at_ms, "1m"), first, first, first.price, first.price)

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

    def candle(self, *, closed: bool = False, published_at: int | None = None) -> Candle:
        """As far as it was counted; published at its newest trade's time unless said otherwise."""
        return Candle(
            symbol=self.first.symbol,
            interval="1m",
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
            closed=closed,
            revision=0,
            origin=Origin.TRADES,
            published_at=self.last.traded_at_ms if published_at is None else published_at,
        )


def roll_up(minutes: Iterable[Candle], interval: str, *, halts: frozenset[int] = frozenset()) -> Iterator[Candle]:
    """Turn one symbol's 1-minute candles, in order of time, into candles of `interval`.

    `halts`: open times (ms) of minutes the ledger knows to be halted; they need no candle.
    A window is closed if every minute of it is closed or a recorded halt.
    """
    for start, group in groupby(minutes, key=lambda candle: window_start(candle.open_time, interval)):
        yield _combine(list(group), start, interval, halts)


def _combine(parts: Sequence[Candle], start: int, interval: str, halts: frozenset[int]) -> Candle:
    end = window_end(start, interval)
    closed_minutes = {part.open_time for part in parts if part.closed}
    # A quiet minute carries a price from before: no trade of this window, unless there is none at all.
    traded = [part for part in parts if part.trade_count] or parts
    ids_known = all(part.first_trade_id is not None for part in parts)
    origins = {part.origin for part in parts}
    return Candle(
        symbol=parts[0].symbol,
        interval=interval,
        open_time=start,
        close_time=end - 1,
        open=traded[0].open,
        high=max(part.high for part in traded),
        low=min(part.low for part in traded),
        close=traded[-1].close,
        volume=_total(part.volume for part in parts),
        quote_volume=_total(part.quote_volume for part in parts),
        trade_count=sum(part.trade_count for part in parts),
        taker_buy_volume=_total(part.taker_buy_volume for part in parts),
        taker_buy_quote_volume=_total(part.taker_buy_quote_volume for part in parts),
        first_trade_id=parts[0].first_trade_id if ids_known else None,
        last_trade_id=parts[-1].last_trade_id if ids_known else None,
        closed=all(m in closed_minutes or m in halts for m in range(start, end, MINUTE_MS)),
        revision=max(part.revision for part in parts),
        origin=origins.pop() if len(origins) == 1 else Origin.EXCHANGE,
        published_at=max(part.published_at for part in parts),
    )


def _total(amounts: Iterable[Decimal]) -> Decimal:
    total = NOTHING
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total


def vwap(candle: Candle) -> Decimal | None:
    """Volume-weighted average price, 8 decimals; null without volume."""
    return _ratio(candle.quote_volume, candle.volume, EIGHT_PLACES)


def price_change_pct(candle: Candle) -> Decimal | None:
    """100 × (close − open) / open, 4 decimals."""
    change = EXACT.multiply(Decimal(100), EXACT.subtract(candle.close, candle.open))
    return _ratio(change, candle.open, FOUR_PLACES)


def buy_sell_ratio(candle: Candle) -> Decimal | None:
    """Taker buy volume / taker sell volume, 4 decimals; null where nothing was sold."""
    sold = EXACT.subtract(candle.volume, candle.taker_buy_volume)
    return _ratio(candle.taker_buy_volume, sold, FOUR_PLACES)


def _ratio(dividend: Decimal, divisor: Decimal, places: Decimal) -> Decimal | None:
    if divisor == 0:
        return None
    return EXACT.quantize(EXACT.divide(dividend, divisor), places)


def plain(amount: Decimal) -> str:
    """A decimal string as the exchange writes it: at least 8 decimals, more only where they are not zero."""
    text = str(amount)
    if text[-9:-8] == "." and "E" not in text:  # the common case, already in form
        return text
    text = f"{amount:f}"
    whole, _, fraction = text.partition(".")
    return f"{whole}.{fraction.rstrip('0'):0<8}"
