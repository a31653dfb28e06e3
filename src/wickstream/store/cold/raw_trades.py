"""From records of `raw_trades` to columns: together if all are written just as the exchange does, else one by one."""

from collections.abc import Iterable, Sequence

import polars as pl
from confluent_kafka import Message

from wickstream.binance.frames import LARGEST_INTEGER, SpotTrade, decode_spot_data, normal_ms, parse_trade
from wickstream.errors import MalformedFrame, Unpublishable
from wickstream.events import Trade
from wickstream.store.cold.trade_columns import columns_of, frame_of
from wickstream.store.intake import LATEST_MS, Rejected, is_name


def trades_in(messages: Sequence[Message]) -> tuple[pl.DataFrame, list[Rejected]]:
    """The trades of these records, in their order, and the records that are none."""
    trades = decode_spot_data([message.value() or b"" for message in messages])
    if trades and _are_storable(trades):
        return _columns(trades), []
    return _one_by_one(messages)


def _are_storable(trades: Sequence[SpotTrade]) -> bool:
    ids = [trade.trade_id for trade in trades]
    times = [trade.traded_at for trade in trades]
    return (
        min(ids) >= 0
        and max(ids) <= LARGEST_INTEGER
        and min(times) > 0
        and normal_ms(max(times)) < LATEST_MS
        and all(map(is_name, {trade.symbol for trade in trades}))
    )


def _columns(trades: Sequence[SpotTrade]) -> pl.DataFrame:
    return frame_of(
        {
            "symbol": [trade.symbol for trade in trades],
            "trade_id": [trade.trade_id for trade in trades],
            "price": [trade.price for trade in trades],
            "quantity": [trade.quantity for trade in trades],
            "traded_at_ms": [trade.traded_at for trade in trades],
            "buyer_is_maker": [trade.buyer_is_maker for trade in trades],
            "counts": [True] * len(trades),
        }
    )


def _one_by_one(messages: Iterable[Message]) -> tuple[pl.DataFrame, list[Rejected]]:
    trades: list[Trade] = []
    rejected: list[Rejected] = []
    for message in messages:
        try:
            trades.append(_trade(message))
        except (MalformedFrame, Unpublishable) as exc:
            rejected.append(Rejected(message, exc.reason))
    return frame_of(columns_of(trades)), rejected


def _trade(message: Message) -> Trade:
    trade = parse_trade(message.value() or b"")
    if not is_name(trade.symbol):
        raise Unpublishable("not a symbol")
    if trade.traded_at_ms >= LATEST_MS:
        raise Unpublishable("a trade's time out of range")
    return trade
