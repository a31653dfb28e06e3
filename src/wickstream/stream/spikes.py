"""Candles to the newest form of each minute. Pure: a DataFrame in, a DataFrame out."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

_VERSION_JSON = "symbol STRING, open_time BIGINT, revision BIGINT, closed BOOLEAN, trade_count BIGINT"


def newest_minutes(raw: DataFrame) -> DataFrame:
    """Of the `value`s of `processed_aggs` one per symbol and minute: that of the largest version.

    In one task: a batch has a few records, and another would cost more than it saves.
    """
    candle = F.from_json(F.col("value").cast("string"), _VERSION_JSON).alias("candle")
    return (
        raw.coalesce(1)
        .select("value", candle)
        .groupBy("candle.symbol", "candle.open_time")
        .agg(F.max_by("value", F.struct("candle.revision", "candle.closed", "candle.trade_count")).alias("value"))
        .select("value")
    )
