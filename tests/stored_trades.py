"""A small market with its trades, stored in every tier by the code that writes them in service."""

import random
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal

import msgspec
import polars as pl

from tests.candles import MIDNIGHT_MS
from tests.raw_trades import trade_value
from wickstream.bus.producer import IdempotentProducer, Record
from wickstream.bus.topics import RAW_TRADES
from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.events import MINUTE_MS, Alert, AlertType, Trade
from wickstream.operate.backfill.tally import Tally
from wickstream.operate.backfill.wanted import Day
from wickstream.store.cold.alerts import ColdAlerts
from wickstream.store.cold.candles import ColdCandles
from wickstream.store.cold.trade_columns import columns_of, frame_of
from wickstream.store.cold.trades import TradesArchive
from wickstream.store.hot.hour import HotWriter
from wickstream.store.warm.writer import WarmWriter

MINUTES = 120
QUIET = 17  # each so many minutes nothing is traded
BEGIN_MS = MIDNIGHT_MS + 60 * MINUTE_MS


@dataclass(frozen=True)
class Market:
    """One symbol: trades from a minute before its first candle to one after its last."""

    symbol: str
    trades: pl.DataFrame
    candles: list[Candle]
    alerts: list[Alert]


def made_market(symbol: str, *, seed: int) -> Market:
    """The same of the same seed."""
    dice = random.Random(seed)
    trades = list(_trades(symbol, dice))
    frame = frame_of(columns_of(trades))
    tally = Tally(Day(symbol, MIDNIGHT_MS))
    tally.take(frame)
    made = tally.candles()
    candles: list[Candle] = []
    for number in range(MINUTES):
        at = BEGIN_MS + number * MINUTE_MS
        candles.append(made[at] if at in made else _quiet(candles[-1], at))
    alerts = [_whale(symbol, trade) for trade in dice.sample(trades, 6)]
    return Market(symbol, frame, candles, alerts)


def _trades(symbol: str, dice: random.Random) -> list[Trade]:
    found: list[Trade] = []
    price, trade_id = 6_000_000_000_000, dice.randrange(10**6, 10**7)
    for number in range(-1, MINUTES + 1):
        if number % QUIET == QUIET - 1 and 0 <= number < MINUTES:
            continue
        for at in sorted(dice.sample(range(MINUTE_MS), dice.randint(1, 5))):
            price += dice.randint(-(10**9), 10**9)
            trade_id += 1
            amount = Decimal(dice.randrange(1, 10**9)).scaleb(-8)
            time_ms = BEGIN_MS + number * MINUTE_MS + at
            found.append(Trade(symbol, trade_id, Decimal(price).scaleb(-8), amount, time_ms, dice.random() < 0.5))
    return found


def _quiet(before: Candle, at: int) -> Candle:
    nothing = dict.fromkeys(("volume", "quote_volume", "taker_buy_volume", "taker_buy_quote_volume"), Decimal(0))
    prices = dict.fromkeys(("open", "high", "low", "close"), before.close)
    ids = {"first_trade_id": (before.last_trade_id or 0) + 1, "last_trade_id": before.last_trade_id, "trade_count": 0}
    times = {"open_time": at, "close_time": at + MINUTE_MS - 1, "published_at": at + MINUTE_MS}
    return msgspec.structs.replace(before, **nothing, **prices, **ids, **times)


def _whale(symbol: str, trade: Trade) -> Alert:
    return Alert(
        alert_id=f"whale:{symbol}:{trade.trade_id}",
        type=AlertType.WHALE,
        symbol=symbol,
        at=trade.traded_at_ms,
        value=trade.price * trade.quantity,
        threshold=Decimal(100_000),
        facts={"price": str(trade.price), "trade_id": trade.trade_id},
        late=False,
        final=True,
        revision=0,
        trade_count=1,
    )


def store_markets(settings: Settings, markets: Sequence[Market], *, to_kafka: bool = True) -> None:
    """Each in files of its own in the lake."""
    archive, candles, alerts = TradesArchive(settings), ColdCandles(settings), ColdAlerts(settings)
    with closing(WarmWriter(settings)) as warm, closing(HotWriter(settings)) as hot:
        for market in markets:
            warm.write(market.candles, alerts=market.alerts)
            hot.write(market.candles)
            candles.store(market.candles, {})
            archive.add_frame(market.symbol, market.trades)
            alerts.store(market.alerts, {})
    if to_kafka:
        publish_trades(settings, markets)


def publish_trades(settings: Settings, markets: Sequence[Market]) -> None:
    """To `raw_trades`."""
    producer = IdempotentProducer(settings.kafka)
    for market in markets:
        for row in market.trades.iter_rows(named=True):
            value = trade_value(
                row["trade_id"],
                market.symbol,
                at=row["traded_at_ms"],
                price=f"{row['price']:f}",
                quantity=f"{row['quantity']:f}",
                maker=row["buyer_is_maker"],
            )
            producer.publish(Record(RAW_TRADES, market.symbol, value))
    producer.flush()
