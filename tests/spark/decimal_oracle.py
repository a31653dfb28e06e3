"""What a candle is, in plain Python decimals; imports nothing of ours."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Context, Decimal
from functools import reduce
from typing import NamedTuple

EXACT = Context(prec=80)


class Told(NamedTuple):
    """A trade as the exchange tells it."""

    symbol: str
    trade_id: int
    price: Decimal
    quantity: Decimal
    time_ms: int
    buyer_is_maker: bool
    kind: str | None = None  # futures' `X`


def minutes_of(trades: Iterable[Told]) -> dict[tuple[str, int], list[Told]]:
    minutes = defaultdict(list)
    for trade in sorted(set(trades), key=lambda trade: trade.trade_id):
        if trade.kind in (None, "MARKET"):
            minutes[trade.symbol, trade.time_ms // 60_000 * 60_000].append(trade)
    return minutes


def total(amounts: Iterable[Decimal]) -> Decimal:
    return reduce(EXACT.add, amounts, Decimal(0))


def oracle(trades: Iterable[Told]) -> dict[tuple[str, int], tuple[Decimal | int, ...]]:
    """(symbol, minute) → open, high, low, close, volume, quote, taker volume, taker quote, count, first id, last id."""
    rows: dict[tuple[str, int], tuple[Decimal | int, ...]] = {}
    for key, minute in minutes_of(trades).items():
        prices, bought = [t.price for t in minute], [t for t in minute if not t.buyer_is_maker]
        volumes = [total(t.quantity for t in side) for side in (minute, bought)]
        quotes = [total(EXACT.multiply(t.price, t.quantity) for t in side) for side in (minute, bought)]
        range_ = (prices[0], max(prices), min(prices), prices[-1])
        ids = (minute[0].trade_id, minute[-1].trade_id)
        rows[key] = (*range_, volumes[0], quotes[0], volumes[1], quotes[1], len(minute), *ids)
    return rows
