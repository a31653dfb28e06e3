"""The rows of the archive's daily files, without a header; times in µs from 2025 on, in ms before."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from wickstream.binance.shapes import fixed
from wickstream.exchange.local.doors.klines import Grid, klines
from wickstream.exchange.local.doors.pages import AggTrades
from wickstream.exchange.local.market.history import History

DAY_MS = 86_400_000
_MICROSECONDS_SINCE_MS = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp()) * 1_000
_MINUTES = DAY_MS // 60_000
_QUOTE_PLACES = 8

Rows = Callable[[History, int], Iterator[str]]


def _trades(history: History, day_ms: int) -> Iterator[str]:
    in_price, in_quantity = history.tape.price_places, history.tape.quantity_places
    in_quote = in_price + in_quantity
    shown, unit = min(in_quote, _QUOTE_PLACES), _unit(day_ms)
    for number in range(history.before(day_ms), history.before(day_ms + DAY_MS)):
        trade = history.trade(number)
        if trade.counts:
            price, quantity = fixed(trade.price, in_price), fixed(trade.quantity, in_quantity)
            quote = fixed(trade.price * trade.quantity, in_quote, shown=shown)
            time, maker = trade.traded_at_ms * unit, trade.buyer_is_maker
            yield f"{trade.trade_id},{price},{quantity},{quote},{time},{maker},True\n"


def _aggregates(history: History, day_ms: int) -> Iterator[str]:
    groups, unit = AggTrades(history), _unit(day_ms)
    first, stop = (groups.before(history.before(at_ms)) for at_ms in (day_ms, day_ms + DAY_MS))
    for a in groups.between(max(first, groups.first), stop):
        ids = f"{a.first_trade_id},{a.last_trade_id}"
        yield f"{a.agg_id},{a.price},{a.quantity},{ids},{a.traded_at_ms * unit},{a.buyer_is_maker},True\n"


def _klines(history: History, day_ms: int) -> Iterator[str]:
    end_ms, unit = day_ms + DAY_MS, _unit(day_ms)
    rows = klines(history, Grid("1m"), start_ms=day_ms, end_ms=end_ms - 1, limit=_MINUTES, now_ms=end_ms)
    for kline in rows:
        opened, *amounts, closed = kline.rest()[:7]
        rest = ",".join(map(str, kline.rest()[7:]))
        yield f"{int(opened) * unit},{','.join(map(str, amounts))},{(int(closed) + 1) * unit - 1},{rest}\n"


def _unit(day_ms: int) -> int:
    """What a ms is in the unit of that day's files."""
    return 1_000 if day_ms >= _MICROSECONDS_SINCE_MS else 1


ROWS: Mapping[str, Rows] = {"trades": _trades, "aggTrades": _aggregates, "klines": _klines}
