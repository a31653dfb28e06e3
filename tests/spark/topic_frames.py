"""Values as Spark reads them out of topics."""

from collections.abc import Iterable

from pyspark.sql import DataFrame, SparkSession

from wickstream.bus.topics import MINUTE_MARKS, RAW_TRADES
from wickstream.stream.candles import trades_and_marks


def raw(spark: SparkSession, values: Iterable[bytes | None]) -> DataFrame:
    return spark.createDataFrame([(value,) for value in values], "value binary")


def of_both_topics(spark: SparkSession, trades: Iterable[bytes | None], marks: Iterable[bytes | None]) -> DataFrame:
    """As the stream reads them: each value with its topic."""
    valued = [*((RAW_TRADES, value) for value in trades), *((MINUTE_MARKS, value) for value in marks)]
    return trades_and_marks(spark.createDataFrame(valued, "topic string, value binary"))
