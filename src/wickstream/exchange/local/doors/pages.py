"""Pages of trades and aggregate trades out of a symbol's history."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

from wickstream.binance.shapes import AggTrade, PublicTrade, fixed
from wickstream.exchange.local.market.history import History, Played

_QUOTE_PLACES = 8


def newest_trades(history: History, *, limit: int, now_ms: int) -> list[dict[str, Any]]:
    """The last `limit` trades, oldest first."""
    parts = reversed(list(history.happening(history.first, history.until(now_ms))))
    newest = islice(chain.from_iterable(map(reversed, parts)), limit)
    return _trades(history, reversed(list(newest)))


def trades_from(history: History, from_id: int, *, limit: int, now_ms: int) -> list[dict[str, Any]]:
    """The first `limit` trades whose id is `from_id` or larger."""
    numbers = chain.from_iterable(history.happening(history.from_id(from_id), history.until(now_ms)))
    return _trades(history, islice(numbers, limit))


def _trades(history: History, numbers: Iterable[int]) -> list[dict[str, Any]]:
    return [_told(history, history.trade(number)) for number in numbers]


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
    return [group.rest() for group in islice(groups.between(first, stop), limit)]


class AggTrades:
    """A symbol's aggregate trades for all time, numbered as its trades are: number 0 is the first of loop 0.

    They have ids of their own; ours begin at the symbol's first trade id.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self._starts = history.tape.groups
        self.first = self.before(history.first)
        self._first_id = history.trade(history.first).trade_id

    def before(self, trade: int) -> int:
        """The number of the first aggregate that starts at or after a trade's number."""
        loop, at = divmod(trade, len(self._history.tape))
        return loop * len(self._starts) + bisect_left(self._starts, at)

    def number_of(self, agg_id: int) -> int:
        """The number of the aggregate with that id."""
        return self.first + agg_id - self._first_id

    def between(self, start: int, stop: int) -> Iterator[AggTrade]:
        """The aggregates numbered `start` to `stop`, exclusive, without those whose trades do not happen."""
        is_plain = self._history.numbering.is_plain
        for number in range(start, stop):
            if is_plain or self._happens(number):
                yield self.at(number)

    def at(self, number: int) -> AggTrade:
        """The aggregate of that number."""
        history, tape = self._history, self._history.tape
        start, stop = self._extent(number)
        first, last = history.trade(start), history.counted_before(stop)
        return AggTrade(
            self._first_id + number - self.first,
            fixed(first.price, tape.price_places),
            fixed(history.figures(start, stop).volume, tape.quantity_places),
            first.trade_id,
            last.trade_id,
            first.traded_at_ms,
            first.buyer_is_maker,
        )

    def _happens(self, number: int) -> bool:
        return any(self._history.happening(*self._extent(number)))

    def _extent(self, number: int) -> tuple[int, int]:
        """The numbers of its trades."""
        size = len(self._history.tape)
        loop, group = divmod(number, len(self._starts))
        is_last = group + 1 == len(self._starts)
        stop = size if is_last else self._starts[group + 1]
        return loop * size + self._starts[group], loop * size + stop
