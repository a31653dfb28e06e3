"""Klines by the local exchange's own integer arithmetic; shares no code with the candles it is compared to."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from wickstream.binance.shapes import Kline, fixed
from wickstream.exchange.local.market.history import History

_SECOND_MS = 1_000
_MINUTE_MS = 60 * _SECOND_MS
_HOUR_MS = 60 * _MINUTE_MS
_DAY_MS = 24 * _HOUR_MS
_WIDTHS_MS = {
    "1s": _SECOND_MS,
    "1m": _MINUTE_MS,
    "3m": 3 * _MINUTE_MS,
    "5m": 5 * _MINUTE_MS,
    "15m": 15 * _MINUTE_MS,
    "30m": 30 * _MINUTE_MS,
    "1h": _HOUR_MS,
    "2h": 2 * _HOUR_MS,
    "4h": 4 * _HOUR_MS,
    "6h": 6 * _HOUR_MS,
    "8h": 8 * _HOUR_MS,
    "12h": 12 * _HOUR_MS,
    "1d": _DAY_MS,
    "3d": 3 * _DAY_MS,
    "1w": 7 * _DAY_MS,
}
INTERVALS = (*_WIDTHS_MS, "1M")
_FIRST_MONDAY_MS = 4 * _DAY_MS
_QUOTE_PLACES = 8  # sums of price × quantity are shown with no more


@dataclass(frozen=True)
class Grid:
    """The windows of an interval, in a time zone."""

    interval: str
    zone_ms: int = 0

    def open_of(self, time_ms: int) -> int:
        """When the window that holds `time_ms` opens."""
        local = time_ms + self.zone_ms
        if self.interval == "1M":
            return _month_start(local) - self.zone_ms
        shift = _FIRST_MONDAY_MS if self.interval == "1w" else 0
        width = _WIDTHS_MS[self.interval]
        return (local - shift) // width * width + shift - self.zone_ms

    def next_open(self, open_ms: int) -> int:
        """When the window after the one that opens at `open_ms` opens."""
        if self.interval == "1M":
            return self.open_of(open_ms + 32 * _DAY_MS)
        return open_ms + _WIDTHS_MS[self.interval]

    def opens(self, first_ms: int, last_ms: int) -> Iterator[int]:
        """The opens from `first_ms` to `last_ms`, both inclusive, forward."""
        at = self.open_of(first_ms)
        at = at if at >= first_ms else self.next_open(at)
        while at <= last_ms:
            yield at
            at = self.next_open(at)

    def opens_back(self, last_ms: int, first_ms: int) -> Iterator[int]:
        """The opens from `last_ms` down to `first_ms`, both inclusive."""
        at = self.open_of(last_ms)
        while at >= first_ms:
            yield at
            at = self.open_of(at - 1)


def klines(
    history: History, grid: Grid, *, start_ms: int | None, end_ms: int | None, limit: int, now_ms: int
) -> list[Kline]:
    """At most `limit` klines, oldest first: from `start_ms` on, else the last ones.

    None before the first trade, and none of a window in which the symbol did not trade at any time.
    """
    if history.first >= history.until(now_ms):
        return []
    since = grid.open_of(history.trade(history.first).traded_at_ms)
    last = now_ms if end_ms is None else min(now_ms, end_ms)
    opens = grid.opens_back(last, since) if start_ms is None else grid.opens(max(start_ms, since), last)
    there = (at for at in opens if not history.is_shut(at, grid.next_open(at)))
    return sorted(kline_at(history, grid, at, now_ms=now_ms) for at in islice(there, limit))


def kline_at(history: History, grid: Grid, open_ms: int, *, now_ms: int) -> Kline:
    """The kline of one window, with the trades up to `now_ms`; flat at the last price where it has none."""
    end_ms = grid.next_open(open_ms)
    start, stop = history.before(open_ms), history.before(min(end_ms, now_ms + 1))
    figures = history.figures(start, stop)
    prices, quantities = history.tape.price_places, history.tape.quantity_places
    if figures.trades:
        first, last = history.counted_from(start), history.counted_before(stop)
        four, ids = (first.price, figures.high, figures.low, last.price), (first.trade_id, last.trade_id)
    else:
        flat = history.price_before(start)
        four, ids = (flat, flat, flat, flat), (-1, -1)
    quote = min(prices + quantities, _QUOTE_PLACES)
    return Kline(
        open_ms,
        fixed(four[0], prices),
        fixed(four[1], prices),
        fixed(four[2], prices),
        fixed(four[3], prices),
        fixed(figures.volume, quantities),
        end_ms - 1,
        fixed(figures.quote, prices + quantities, shown=quote),
        figures.trades,
        fixed(figures.taker_volume, quantities),
        fixed(figures.taker_quote, prices + quantities, shown=quote),
        *ids,
    )


def _month_start(time_ms: int) -> int:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=time_ms)
    return int(datetime(moment.year, moment.month, 1, tzinfo=UTC).timestamp()) * 1_000
