"""Reference candles for judges: straight from the trades, one after the other, sharing nothing with klines.py."""

from collections.abc import Iterator
from decimal import Decimal, localcontext
from typing import NamedTuple

from wickstream.exchange.local.market.career import TRADING
from wickstream.exchange.local.market.history import History, Played

_MINUTE_MS = 60_000
_DIGITS = 60


class ReferenceCandle(NamedTuple):
    """One minute; without a trade it is flat, and has no ids."""

    open_time: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    quote_volume: Decimal
    trade_count: int
    taker_buy_volume: Decimal
    taker_buy_quote_volume: Decimal
    first_trade_id: int | None
    last_trade_id: int | None


def reference_candles(history: History, *, start_ms: int, end_ms: int) -> Iterator[ReferenceCandle]:
    """Every minute from `start_ms` on that ends by `end_ms`: none before the first trade, none that was all a halt."""
    end_ms = end_ms // _MINUTE_MS * _MINUTE_MS
    start_ms = start_ms // _MINUTE_MS * _MINUTE_MS
    trades = _trades(history, start_ms, end_ms)
    following = next(trades, None)
    began = history.before(start_ms) > history.first
    last_price = history.price_before(history.before(start_ms)) if began else None
    for minute_ms in range(start_ms, end_ms, _MINUTE_MS):
        inside: list[Played] = []
        while following and following.traded_at_ms < minute_ms + _MINUTE_MS:
            inside.append(following)
            following = next(trades, None)
        if inside:
            last_price = inside[-1].price
            yield _candle(history, minute_ms, inside)
        elif last_price is not None and _was_open(history, minute_ms):
            yield _flat(history, minute_ms, last_price)


def _trades(history: History, start_ms: int, end_ms: int) -> Iterator[Played]:
    """Those that count, in order of id."""
    for numbers in history.happening(history.before(start_ms), history.before(end_ms)):
        yield from (trade for trade in map(history.trade, numbers) if trade.counts)


def _candle(history: History, minute_ms: int, trades: list[Played]) -> ReferenceCandle:
    prices = [trade.price for trade in trades]
    bought = [trade for trade in trades if not trade.buyer_is_maker]
    return ReferenceCandle(
        minute_ms,
        _price(history, prices[0]),
        _price(history, max(prices)),
        _price(history, min(prices)),
        _price(history, prices[-1]),
        *_volumes(history, trades),
        len(trades),
        *_volumes(history, bought),
        trades[0].trade_id,
        trades[-1].trade_id,
    )


def _flat(history: History, minute_ms: int, price: int) -> ReferenceCandle:
    flat, nothing = _price(history, price), Decimal(0)
    return ReferenceCandle(minute_ms, flat, flat, flat, flat, nothing, nothing, 0, nothing, nothing, None, None)


def _was_open(history: History, minute_ms: int) -> bool:
    return TRADING in (history.status(minute_ms), history.status(minute_ms + _MINUTE_MS - 1))


def _price(history: History, units: int) -> Decimal:
    return Decimal(units).scaleb(-history.tape.price_places)


def _volumes(history: History, trades: list[Played]) -> tuple[Decimal, Decimal]:
    """Of base and quote; in a context wide enough for any sum."""
    quantity, quote = 0, 0
    for trade in trades:
        quantity += trade.quantity
        quote += trade.quantity * trade.price
    places = history.tape.quantity_places
    with localcontext(prec=_DIGITS):
        return (
            Decimal(quantity).scaleb(-places),
            Decimal(quote).scaleb(-places - history.tape.price_places),
        )
