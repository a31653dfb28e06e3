"""Trades that were fetched for a hole, minute by minute, and how they compare with the exchange's klines. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, NamedTuple, Protocol, TypeVar

import msgspec

from wickstream.binance.rest import Aggregate
from wickstream.candle import EXACT, Candle, Minute, Origin, window_start
from wickstream.events import Trade
from wickstream.exchange.sequencing.arrival import Arrival

LAST_PLACE = Decimal("0.00000001")  # klines round each sum of price × quantity to it
_EQUAL = ("open_time", "open", "high", "low", "close", "volume", "trade_count", "taker_buy_volume")


class Span(NamedTuple):
    """Ids from `first` to `last`, both included."""

    first: int
    last: int

    @property
    def size(self) -> int:
        """How many."""
        return self.last - self.first + 1


def missing(present: Iterable[Span], within: Span) -> Iterator[Span]:
    """The ids of `within` that are in none of the spans, which ascend."""
    at = within.first
    for span in present:
        if span.first > within.last:
            break
        if span.first > at:
            yield Span(at, span.first - 1)
        at = max(at, span.last + 1)
    if at <= within.last:
        yield Span(at, within.last)


def clipped(spans: Iterable[Span], within: Span) -> Iterator[Span]:
    """The parts of the spans that lie in `within`."""
    for span in spans:
        first, last = max(span.first, within.first), min(span.last, within.last)
        if first <= last:
            yield Span(first, last)


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Ascending spans, those that touch made one."""
    runs: list[Span] = []
    for span in spans:
        if runs and span.first == runs[-1].last + 1:
            runs[-1] = Span(runs[-1].first, span.last)
        else:
            runs.append(span)
    return tuple(runs)


def span_of(item: Arrival | Aggregate) -> Span:
    """The trade ids it stands for."""
    if isinstance(item, Aggregate):
        return Span(item.first_trade_id, item.last_trade_id)
    return Span(item.trade_id, item.trade_id)


def ids_of(items: Iterable[Arrival | Aggregate]) -> tuple[Span, ...]:
    """The trade ids of items, which ascend."""
    return joined(map(span_of, items))


class Timed(Protocol):
    """A trade, or an aggregate of some."""

    @property
    def traded_at_ms(self) -> int:
        """The exchange's `T`."""
        ...


Item = TypeVar("Item", bound=Timed)


class Cutter(Generic[Item]):
    """Cuts a flow of trades into minutes: one is whole when a trade of another one comes."""

    def __init__(self) -> None:
        self._pending: list[Item] = []

    def take(self, items: Iterable[Item]) -> Iterator[list[Item]]:
        """Whole minutes, as far as these items end them."""
        for item in items:
            if self._pending and open_time_of(item) != open_time_of(self._pending[0]):
                whole, self._pending = self._pending, []
                yield whole
            self._pending.append(item)

    def end(self) -> list[Item]:
        """What no later trade has ended; may be empty."""
        return self._pending


def open_time_of(item: Timed) -> int:
    """Open time (ms) of the minute it was traded in."""
    return window_start(item.traded_at_ms, "1m")


@dataclass(frozen=True)
class TradedMinute:
    """A minute as it was fetched.

    Attributes:
        candle: closed, of revision 0; None: all of its trades are off-book.
        present: the ids that are there, ascending.
        arrivals: the trades; none where only aggregates were to be had.
    """

    open_time: int
    candle: Candle | None
    present: tuple[Span, ...]
    arrivals: Sequence[Arrival] = ()

    @property
    def ids(self) -> Span:
        """From the first to the last."""
        return Span(self.present[0].first, self.present[-1].last)

    @property
    def trade_count(self) -> int:
        """Those that count."""
        return self.candle.trade_count if self.candle else 0


def of_trades(arrivals: Sequence[Arrival], *, published_at: int) -> TradedMinute:
    """One minute from all its trades, at least one."""
    counted = [arrival.trade for arrival in arrivals if arrival.counts]
    candle = _counted(counted).candle(closed=True, published_at=published_at) if counted else None
    return TradedMinute(open_time_of(arrivals[0]), candle, ids_of(arrivals), arrivals)


def of_aggregates(aggregates: Sequence[Aggregate], *, published_at: int) -> TradedMinute:
    """One minute from all its aggregates, at least one: each has one price, so every sum is the trades' own."""
    trades = [
        Trade(a.symbol, a.first_trade_id, a.price, a.quantity, a.traded_at_ms, a.buyer_is_maker) for a in aggregates
    ]
    spans = ids_of(aggregates)
    candle = msgspec.structs.replace(
        _counted(trades).candle(closed=True, published_at=published_at),
        trade_count=sum(span.size for span in spans),
        last_trade_id=spans[-1].last,
        origin=Origin.AGG,
    )
    return TradedMinute(candle.open_time, candle, spans)


def _counted(trades: Sequence[Trade]) -> Minute:
    minute = Minute.of(trades[0])
    for trade in trades:
        minute.add(trade)
    return minute


def agrees(ours: Candle | None, theirs: Candle | None) -> bool:
    """Tell whether a minute is the exchange's own: to the last digit, or its last digit where a kline is rounded."""
    if ours is None or theirs is None or any(getattr(ours, name) != getattr(theirs, name) for name in _EQUAL):
        return False
    slack = EXACT.multiply(LAST_PLACE, Decimal(max(1, ours.trade_count)))
    differences = (
        EXACT.subtract(ours.quote_volume, theirs.quote_volume),
        EXACT.subtract(ours.taker_buy_quote_volume, theirs.taker_buy_quote_volume),
    )
    return all(abs(difference) <= slack for difference in differences)


def flat(kline: Candle, last_trade_id: int) -> Candle:
    """The candle of a minute in which nothing was traded after `last_trade_id`: the empty range of ids."""
    return msgspec.structs.replace(
        kline, first_trade_id=last_trade_id + 1, last_trade_id=last_trade_id, origin=Origin.TRADES, closed=True
    )
