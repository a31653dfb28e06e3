"""Trades to taker orders: trades of one time and side with consecutive ids. Pure."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

import msgspec

from wickstream.candle import EXACT


class Trade(NamedTuple):
    """A trade that counts; price and quantity in units of 1e-8."""

    symbol: str
    trade_id: int
    traded_at_ms: int
    is_taker_buy: bool
    price: int
    quantity: int


class Order(msgspec.Struct, frozen=True):
    """As much of a taker order as is here.

    Attributes:
        quantity: in units of 1e-8, as the prices; the quote value of 1e-16. 64 bits do not hold them.
    """

    symbol: str
    traded_at_ms: int
    is_taker_buy: bool
    first_trade_id: int
    last_trade_id: int
    first_price: int
    last_price: int
    quantity: Decimal
    quote_value: Decimal

    @property
    def trades(self) -> int:
        """How many, as their ids are consecutive."""
        return self.last_trade_id - self.first_trade_id + 1


class Orders(NamedTuple):
    """What a batch comes to."""

    grown: Sequence[Order]  # those with trades of the batch
    last: Sequence[Order]  # each symbol's last, which the next batch may go on with


def orders(trades: Iterable[Trade], carried: Iterable[Order]) -> Orders:
    """The orders of a batch of trades, together with what the one before it left.

    The trades may come in any order and more than once: a symbol's ids only grow from batch to batch, so one below the
    last is known.
    """
    last = {order.symbol: order for order in carried}
    grown: dict[tuple[str, int], Order] = {}
    for trade in sorted(trades):
        before = last.get(trade.symbol)
        if before is None or trade.trade_id > before.last_trade_id:
            order = last[trade.symbol] = _with(before, trade)
            grown[order.symbol, order.first_trade_id] = order
    return Orders(list(grown.values()), list(last.values()))


def _with(before: Order | None, trade: Trade) -> Order:
    quantity, quote_value = Decimal(trade.quantity), Decimal(trade.price * trade.quantity)
    first_id, first_price = trade.trade_id, trade.price
    if before is not None and _goes_on(before, trade):
        first_id, first_price = before.first_trade_id, before.first_price
        quantity, quote_value = EXACT.add(before.quantity, quantity), EXACT.add(before.quote_value, quote_value)
    return Order(
        symbol=trade.symbol,
        traded_at_ms=trade.traded_at_ms,
        is_taker_buy=trade.is_taker_buy,
        first_trade_id=first_id,
        last_trade_id=trade.trade_id,
        first_price=first_price,
        last_price=trade.price,
        quantity=quantity,
        quote_value=quote_value,
    )


def _goes_on(before: Order, trade: Trade) -> bool:
    is_next = trade.trade_id == before.last_trade_id + 1
    return is_next and (trade.traded_at_ms, trade.is_taker_buy) == (before.traded_at_ms, before.is_taker_buy)
