"""Spikes out of batches of candles, as `processed_aggs` has them."""

from collections.abc import Iterable
from decimal import Decimal

import msgspec
import pytest
from pyspark.sql import DataFrame, SparkSession

from tests.candles import minute
from wickstream.bus.codec import encode
from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.events import Gap, GapStatus
from wickstream.stream.spike_alerts import SpikeJudge
from wickstream.stream.thresholds import ThresholdRow

pytestmark = pytest.mark.spark

LARGE = Decimal(2_000_000)


class Known:
    """A market with a price for bitcoin, and a hole in ether."""

    def thresholds(self) -> tuple[ThresholdRow, ...]:
        return (ThresholdRow("BTCUSDT", Decimal(1), Decimal(1), Decimal(1_500_000), Decimal(2)),)

    def open_holes(self, symbol: str) -> tuple[Gap, ...]:
        return (Gap("ETHUSDT", 1_010, 1_010, None, 0, GapStatus.OPEN),) if symbol == "ETHUSDT" else ()


def batch_of(spark: SparkSession, values: Iterable[bytes]) -> DataFrame:
    return spark.createDataFrame([(value,) for value in values], "value BINARY")


def growing(candle: Candle, count: int) -> Candle:
    return msgspec.structs.replace(candle, closed=False, trade_count=count, quote_volume=Decimal(count) * 100_000)


def test_of_a_batch_each_minute_is_told_as_it_stands_then(spark: SparkSession, stream_settings: Settings) -> None:
    judge, open_, closed = (
        SpikeJudge(stream_settings, Known(), now_s=lambda: 0.0),
        minute(quote_volume=LARGE),
        minute(number=1),
    )
    forms = [growing(open_, count) for count in (14, 30, 16)]
    values = [*map(encode, forms), encode(growing(closed, 40)), encode(closed), b"{no candle", b"{}"]
    judged = judge(batch_of(spark, values * 2), None)
    assert [(alert.alert_id, alert.value, alert.final) for alert in judged.alerts] == [
        (f"volume_spike:BTCUSDT:{open_.open_time}", Decimal(3_000_000), False)
    ]
    again = judge(batch_of(spark, values), judged.carried)
    ended = judge(batch_of(spark, [encode(open_)]), again.carried)
    assert (again.alerts, [alert.final for alert in ended.alerts]) == ([], [True])


def test_a_hole_holds_back_and_a_symbol_without_a_row_is_judged_by_the_settings(
    spark: SparkSession, stream_settings: Settings
) -> None:
    judge = SpikeJudge(stream_settings, Known(), now_s=lambda: 0.0)
    of_each = [minute(symbol, closed=False, quote_volume=LARGE) for symbol in ("ETHUSDT", "NEWUSDT", "NEWXXX")]
    judged = judge(batch_of(spark, map(encode, of_each)), None)
    assert [(alert.symbol, alert.threshold) for alert in judged.alerts] == [("NEWUSDT", Decimal(1_000_000))]
