"""Trades that came too late for their minute's candle: counted one by one, where Spark counts windows."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from wickstream.bus.topics import RAW_TRADES
from wickstream.config import Settings
from wickstream.stream.candles import trades_from_raw
from wickstream.stream.kafka import read_range

Progress = Mapping[str, Any]


class LateTrades(NamedTuple):
    """What one batch left out."""

    trades: int
    symbols: list[str]
    oldest_open_time: int | None  # ms; of the oldest of their minutes


def late_trades(session: SparkSession, settings: Settings, progress: Progress) -> LateTrades:
    """The trades of a batch that are in no candle, as the watermark had passed their minutes.

    Reads the batch's part of the topic again, and raises what Spark raises if it is not there any more.
    """
    watermark_ms = _ms(progress["eventTime"]["watermark"])
    late = _trades(session, settings, progress).where("counts").where(F.col("open_time") <= watermark_ms)
    row = late.agg(F.count(F.lit(1)), F.collect_set("symbol"), F.min("open_time")).collect()[0]
    return LateTrades(row[0], sorted(row[1]), row[2])


def _trades(session: SparkSession, settings: Settings, progress: Progress) -> DataFrame:
    sources = [(json.loads(s["startOffset"]), json.loads(s["endOffset"])) for s in progress["sources"]]
    starts, ends = next((starts or {}, ends) for starts, ends in sources if RAW_TRADES in ends)
    part = read_range(session, settings, RAW_TRADES, starts=starts.get(RAW_TRADES, {}), ends=ends[RAW_TRADES])
    return trades_from_raw(part)


def _ms(time: str) -> int:
    return round(datetime.fromisoformat(time).timestamp() * 1_000)
