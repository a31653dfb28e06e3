"""Which taker orders are sweeps: those of several trades that together are worth a whale."""

import time
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal

import msgspec
from pyspark.sql import DataFrame

from wickstream.candle import EIGHT_PLACES, EXACT, FOUR_PLACES, plain
from wickstream.config import Settings
from wickstream.events import Alert, AlertType
from wickstream.stream.alert_batches import Judged
from wickstream.stream.measures import Market, Measures
from wickstream.stream.quotes import quote_asset
from wickstream.stream.sweeps import carried_pieces, runs, worth_telling
from wickstream.stream.thresholds import ThresholdRow
from wickstream.stream.whales import LATE_MS


class Run(msgspec.Struct, frozen=True):
    """Trades of one taker order; the columns of `sweeps.runs`."""

    symbol: str
    traded_at_ms: int
    is_taker_buy: bool
    first_trade_id: int
    last_trade_id: int
    trades: int
    quantity: Decimal
    quote_value: Decimal
    first_price: Decimal
    last_price: Decimal
    grew: bool
    is_last: bool


class SweepJudge:
    """Alerts of a batch of `sweeps.pieces`; carried are the symbols' last runs."""

    def __init__(self, settings: Settings, market: Market, *, now_s: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._market = market
        self._now_s = now_s

    def __call__(self, batch: DataFrame, carried: str | None) -> Judged:
        """Judge the batch together with what the one before it carried."""
        measures = Measures(self._settings, self._market.thresholds())
        whole = runs(batch, carried_pieces(batch.sparkSession, carried or "[]"))
        rows = worth_telling(whole, measures.whales_in_quote_asset()).collect()
        found, now_ms = [Run(**row.asDict()) for row in rows], int(self._now_s() * 1_000)
        alerts = (sweep_alert(run, measures.of(run.symbol), now_ms=now_ms) for run in found)
        last = [run for run in found if run.is_last]
        return Judged([alert for alert in alerts if alert], msgspec.json.encode(last).decode())


def sweep_alert(run: Run, row: ThresholdRow, *, now_ms: int) -> Alert | None:
    """The run's alert, if it is a sweep. A run that grows keeps its id, and counts more trades."""
    if row.usd_per_quote is None or run.trades < 2 or not run.grew:
        return None
    value = EXACT.multiply(run.quote_value, row.usd_per_quote)
    if value <= row.whale_usd:
        return None
    return Alert(
        alert_id=f"{AlertType.SWEEP}:{run.symbol}:{run.first_trade_id}",
        type=AlertType.SWEEP,
        symbol=run.symbol,
        at=run.traded_at_ms,
        value=value,
        threshold=row.whale_usd,
        facts=_facts(run, row.usd_per_quote),
        late=now_ms - run.traded_at_ms > LATE_MS,
        final=True,
        revision=0,
        trade_count=run.trades,
    )


def _facts(run: Run, usd_per_quote: Decimal) -> dict[str, str | int]:
    moved = EXACT.multiply(Decimal(100), EXACT.subtract(run.last_price, run.first_price))
    return {
        "first_trade_id": run.first_trade_id,
        "last_trade_id": run.last_trade_id,
        "trades": run.trades,
        "side": "buy" if run.is_taker_buy else "sell",
        "quantity": plain(run.quantity),
        "quote_value": plain(run.quote_value),
        "quote_asset": quote_asset(run.symbol) or "",
        "usd_per_quote": plain(usd_per_quote),
        "vwap": _ratio(run.quote_value, run.quantity, EIGHT_PLACES),
        "first_price": plain(run.first_price),
        "last_price": plain(run.last_price),
        "price_moved_pct": _ratio(moved, run.first_price, FOUR_PLACES),
    }


def _ratio(dividend: Decimal, divisor: Decimal, places: Decimal) -> str:
    if not divisor:
        return ""
    return f"{EXACT.divide(dividend, divisor).quantize(places, rounding=ROUND_HALF_EVEN, context=EXACT):f}"
