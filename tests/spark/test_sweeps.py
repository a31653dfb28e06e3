"""What of a batch of `raw_trades` reaches the judge of sweeps; the rest of it is pure."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from pyspark.sql import SparkSession

from tests.spark.decimal_oracle import Told
from tests.spark.published_market import trade_value
from wickstream.config import Settings
from wickstream.events import Gap
from wickstream.stream.candles import trades_from_raw
from wickstream.stream.sweep_alerts import SweepJudge, trades_in_units
from wickstream.stream.thresholds import ThresholdRow

pytestmark = pytest.mark.spark


class Unknown:
    """A market of which nothing is known yet."""

    def thresholds(self) -> tuple[ThresholdRow, ...]:
        return ()

    def open_holes(self, symbol: str) -> tuple[Gap, ...]:
        raise AssertionError(symbol)


def an_order(symbol: str, kind: str | None = None) -> Iterator[bytes]:
    """Of $120,000.06, in two trades."""
    for trade_id, quantity in ((1, "0.00000001"), (2, "1.99999999")):
        price = Decimal("60000.03")
        yield trade_value(Told(symbol, trade_id, price, Decimal(quantity), 1, buyer_is_maker=False, kind=kind))


def test_trades_come_exact_and_off_book_ones_not_at_all(spark: SparkSession, stream_settings: Settings) -> None:
    values = [*an_order("BTCUSDT"), *an_order("FUTUSDT", "MARKET"), *an_order("OFFUSDT", "INSURANCE_FUND"), b"{"]
    raw = spark.createDataFrame([(value,) for value in values], "value BINARY")
    judge = SweepJudge(stream_settings, Unknown(), now_s=lambda: 50.0)
    judged = judge(trades_in_units(trades_from_raw(raw)), None)
    assert {(alert.symbol, alert.value) for alert in judged.alerts} == {
        ("BTCUSDT", Decimal("120000.06")),
        ("FUTUSDT", Decimal("120000.06")),
    }
