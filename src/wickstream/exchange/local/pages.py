"""Pages of trades and aggregate trades out of a symbol's history."""

from bisect import bisect_left
from typing import Any

from wickstream.binance.shapes import AggTrade, PublicTrade, fixed
from wickstream.exchange.local.history import History, Played

_QUOTE_PLACES = 8


def newest_trades(history: History, *, limit: int, now_ms: int) -> list[dict[str, Any]]:
    """The last `limit` trades, oldest first."""
    stop = history.until(now_ms)
    return _trades(history, max(stop - limit, history.first), stop)


def trades_from(history: History, from_id: int, *, limit: int, now_ms: int) -> list[dict[str, Any]]:
    """The first `limit` trades whose id is `from_id` or larger."""
    start = history.from_id(from_id)
    return _trades(history, start, min(start + limit, history.until(now_ms)))


def _trades(history: History, start: int, stop: int) -> list[dict[str, Any]]:
    return [_told(history, history.trade(number)) for number in range(start, stop)]


def _told(history: History, trade: Played) -> dict[str, Any]:
    in_price, in_quantity = history.tape.price_places, history.tape.quantity_places
    in_quote = in_price + in_quantity
    told = PublicTrade(
        trade.trade_id,
        fixed(trade.price, in_price),
        fixed(trade.quantity, in_quantity),
        fixed(trade.price * trade.quantity, in_quote, shown=min(in_quote, _QUOTE_PLACES)),
        trade.traded_at_ms,
        trade.buyer_is_maker,
    )
    # Not the exchange's: futures REST leaves off-book trades out, and whoever asks for a hole could not tell why.
    return told.rest() | ({} if trade.counts else {"X": "NA"})


def agg_trades(
    history: History,
    *,
    from_id: int | None,
    start_ms: int | None,
    end_ms: int | None,
    limit: int,
    now_ms: int,
) -> list[dict[str, Any]]:
    """By id, or by time (both ends inclusive, oldest first; only an end: the last ones before it), or the newest."""
    groups = AggTrades(history)
    first, stop = groups.first, groups.before(history.until(min(now_ms, end_ms if end_ms is not None else now_ms)))
    if from_id is not None:
        first = max(first, groups.number_of(from_id))
    elif start_ms is not None:
        first = max(first, groups.before(history.before(start_ms)))
    else:
        first = max(first, stop - limit)
    return [groups.at(number).rest() for number in range(first, min(first + limit, stop))]


class AggTrades:
    """A symbol's aggregate trades for all time, numbered as its trades are: number 0 is the first of loop 0."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._starts = history.tape.groups
        self.first = history.loops.first * len(self._starts)

    def before(self, trade: int) -> int:
        """The number of the first aggregate that starts at or after a trade's number."""
        loop, at = divmod(trade, len(self._history.tape))
        return loop * len(self._starts) + bisect_left(self._starts, at)

    def number_of(self, agg_id: int) -> int:
        """Aggregates have ids of their own; ours begin at the recording's first trade id."""
        return agg_id - self._history.tape.ids[0]

    def at(self, number: int) -> AggTrade:
        """The aggregate of that number."""
        history, tape = self._history, self._history.tape
        loop, group = divmod(number, len(self._starts))
        start = loop * len(tape) + self._starts[group]
        is_last = group + 1 == len(self._starts)
        stop = loop * len(tape) + (len(tape) if is_last else self._starts[group + 1])
        first, last = history.trade(start), history.counted_before(stop)
        return AggTrade(
            number + tape.ids[0],
            fixed(first.price, tape.price_places),
            fixed(history.figures(start, stop).volume, tape.quantity_places),
            first.trade_id,
            last.trade_id,
            first.traded_at_ms,
            first.buyer_is_maker,
        )
