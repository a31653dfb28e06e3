"""PROCESS: a candle query over the full topics, ours or as tutorials write it; tells what it cost until all was read.

Both have the session, the source and the sink of the product: they differ in what they do with a trade.
"""

import argparse
import time
from pathlib import Path

import psutil
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming.query import StreamingQuery

from bench.ingest.cost import Cost, tell
from wickstream.bus.topics import PROCESSED_AGGS, RAW_TRADES
from wickstream.config import Settings
from wickstream.stream.kafka import read_stream, write_stream
from wickstream.stream.queries import candle_records
from wickstream.stream.session import spark_session

PLAIN = "plain_candles"  # the topic
_FIELDS = "s STRING, t BIGINT, p STRING, q STRING, T BIGINT, m BOOLEAN"
_WARM_UP = 3_000_000  # records
_DEADLINE_S = 600.0


def plain(session: SparkSession, settings: Settings) -> DataFrame:
    """As tutorials have it: doubles, first and last as they come, a window function and a watermark; no proof."""
    parsed = F.from_json(F.col("value").cast("string"), _FIELDS).alias("trade")
    trades = (
        read_stream(session, settings, RAW_TRADES)
        .select(parsed)
        .select(
            F.col("trade.s").alias("symbol"),
            F.timestamp_millis("trade.T").alias("time"),
            F.col("trade.p").cast("double").alias("price"),
            F.col("trade.q").cast("double").alias("quantity"),
            F.col("trade.m").alias("buyer_is_maker"),
        )
    )
    windows = trades.withWatermark("time", "1 day").groupBy("symbol", F.window("time", "1 minute"))
    return windows.agg(*_tutorial_candle()).select(
        F.col("symbol").alias("key"),
        F.to_json(F.struct("*")).alias("value"),
        F.lit(None).cast("array<struct<key:string,value:binary>>").alias("headers"),
    )


def _tutorial_candle() -> list[Column]:
    quote = F.col("price") * F.col("quantity")
    return [
        F.first("price").alias("open"),
        F.max("price").alias("high"),
        F.min("price").alias("low"),
        F.last("price").alias("close"),
        F.sum("quantity").alias("volume"),
        F.sum(quote).alias("quote_volume"),
        F.count(F.lit(1)).alias("trade_count"),
        F.sum(F.when(~F.col("buyer_is_maker"), F.col("quantity"))).alias("taker_buy_volume"),
        F.sum(F.when(~F.col("buyer_is_maker"), quote)).alias("taker_buy_quote_volume"),
    ]


_KINDS = {"exact": (candle_records, PROCESSED_AGGS), "plain": (plain, PLAIN)}


def main() -> None:
    """One run, after as many records as it takes until the JVM has compiled what is hot, until the last is done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=_KINDS)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--port-base", type=int, required=True)
    parser.add_argument("--kafka", required=True, help="bootstrap servers")
    parser.add_argument("--records", type=int, required=True, help="in the topics that it reads")
    given = parser.parse_args()
    settings = Settings(data_dir=given.data_dir, port_base=given.port_base, kafka_bootstrap_servers=given.kafka)
    make, topic = _KINDS[given.kind]
    with spark_session(settings) as (session, gateway):
        jvm = psutil.Process(gateway.process.pid)
        query = write_stream(make(session, settings), settings, topic, checkpoint=given.data_dir / "checkpoint")
        before = _wait_for(query, _WARM_UP)
        began_cpu_s, began_s = _cpu_s(jvm), time.monotonic()
        _wait_for(query, given.records)
        tell(Cost(given.records - before, _cpu_s(jvm) - began_cpu_s, time.monotonic() - began_s))
        query.stop()


def _wait_for(query: StreamingQuery, records: int) -> int:
    ends_s = time.monotonic() + _DEADLINE_S
    while (read := sum(int(batch["numInputRows"]) for batch in query.recentProgress)) < records:
        if failure := query.exception():
            raise failure
        if time.monotonic() > ends_s:
            raise TimeoutError(f"{read} of {records} records within {_DEADLINE_S} s")
        time.sleep(0.05)
    return read


def _cpu_s(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system)


if __name__ == "__main__":
    main()
