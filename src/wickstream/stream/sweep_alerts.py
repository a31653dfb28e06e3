"""Which taker orders are sweeps: those of several trades that together are worth a whale."""

import time
from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_EVEN, Decimal

import msgspec
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from wickstream.candle import EIGHT_PLACES, EXACT, FOUR_PLACES, plain
from wickstream.config import Settings
from wickstream.events import Alert, AlertType
from wickstream.quotes import quote_asset
from wickstream.stream.alert_batches import Judged
from wickstream.stream.measures import Market, Measures
from wickstream.stream.sweeps import Order, Trade, orders
from wickstream.stream.thresholds import ThresholdRow
from wickstream.stream.whales import LATE_MS


def trades_in_units(trades: DataFrame) -> DataFrame:
    """Of those that count the columns of `Trade`.

    In one task: a batch is bounded, and another would cost more than it saves. The orders are found in the driver:
    to bring it a batch of half a second costs a quarter of what a plan of windows and a shuffle did.
    """
    amounts = [F.col(f"{name}_units").alias(name) for name in ("price", "quantity")]
    counted = trades.where("counts").coalesce(1)
    return counted.select("symbol", "trade_id", "traded_at_ms", "is_taker_buy", *amounts)


class SweepJudge:
    """Alerts of a batch of `trades_in_units`; carried are the symbols' last orders."""

    def __init__(self, settings: Settings, market: Market, *, now_s: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._market = market
        self._now_s = now_s

    def __call__(self, batch: DataFrame, carried: str | None) -> Judged:
        """Judge the batch together with what the one before it carried."""
        return self.judge(map(Trade._make, batch.collect()), carried)

    def judge(self, trades: Iterable[Trade], carried: str | None) -> Judged:
        """The same, of trades that are here."""
        found = orders(trades, _decode(carried or "[]"))
        measures, now_ms = Measures(self._settings, self._market.thresholds()), int(self._now_s() * 1_000)
        alerts = (sweep_alert(order, measures.of(order.symbol), now_ms=now_ms) for order in found.grown)
        return Judged([alert for alert in alerts if alert], msgspec.json.encode(found.last).decode())


_decode = msgspec.json.Decoder(list[Order]).decode


def sweep_alert(order: Order, row: ThresholdRow, *, now_ms: int) -> Alert | None:
    """The order's alert, if it is a sweep. One that grows keeps its id, and counts more trades."""
    if row.usd_per_quote is None or order.trades < 2:
        return None
    value = EXACT.multiply(_scaled(order.quote_value, 16), row.usd_per_quote)
    if value <= row.whale_usd:
        return None
    return Alert(
        alert_id=f"{AlertType.SWEEP}:{order.symbol}:{order.first_trade_id}",
        type=AlertType.SWEEP,
        symbol=order.symbol,
        at=order.traded_at_ms,
        value=value,
        threshold=row.whale_usd,
        facts=_facts(order, row.usd_per_quote),
        late=now_ms - order.traded_at_ms > LATE_MS,
        final=True,
        revision=0,
        trade_count=order.trades,
    )


def _facts(order: Order, usd_per_quote: Decimal) -> dict[str, str | int]:
    first, last = (_scaled(price, 8) for price in (order.first_price, order.last_price))
    quantity, quote_value = _scaled(order.quantity, 8), _scaled(order.quote_value, 16)
    moved = EXACT.multiply(Decimal(100), EXACT.subtract(last, first))
    return {
        "first_trade_id": order.first_trade_id,
        "last_trade_id": order.last_trade_id,
        "trades": order.trades,
        "side": "buy" if order.is_taker_buy else "sell",
        "quantity": plain(quantity),
        "quote_value": plain(quote_value),
        "quote_asset": quote_asset(order.symbol) or "",
        "usd_per_quote": plain(usd_per_quote),
        "vwap": _ratio(quote_value, quantity, EIGHT_PLACES),
        "first_price": plain(first),
        "last_price": plain(last),
        "price_moved_pct": _ratio(moved, first, FOUR_PLACES),
    }


def _scaled(units: Decimal | int, places: int) -> Decimal:
    return Decimal(units).scaleb(-places, EXACT)


def _ratio(dividend: Decimal, divisor: Decimal, places: Decimal) -> str:
    if not divisor:
        return ""
    return f"{EXACT.divide(dividend, divisor).quantize(places, rounding=ROUND_HALF_EVEN, context=EXACT):f}"
