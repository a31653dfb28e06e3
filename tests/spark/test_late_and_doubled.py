"""The captures once more, with trades doubled in the topic and others too late for Spark: nobody touches anything, and
every one of the exchange's own klines comes out.
"""

import asyncio
import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from pyspark.sql import SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from tests.holes import writing
from tests.running import wait_until
from tests.spark.job_topics import publish
from tests.spark.published_market import captured, mark_values, told_of
from tests.stored_klines import closed, closed_minutes, official_minutes, unlike
from tests.tier_contents import read_warm
from wickstream.bus.topics import MINUTE_MARKS, RAW_TRADES, create_topics
from wickstream.config import Settings
from wickstream.operate.repair import watch
from wickstream.store.warm.database import conninfo
from wickstream.stream.queries import start_candles

pytestmark = [pytest.mark.spark, pytest.mark.stack, pytest.mark.timeout(600)]

DOUBLED = {"spot_btcusdt_2024-08-08": "BTCUSDT"}
# The recordings begin together, or three weeks earlier: all of it is late when the first one was seen.
LATE = {
    "spot_ethusdt_2024-08-08": "ETHUSDT",
    "usdm_btcusdt_2024-07-18": "BTCUSDM",
    "usdm_ethusdt_2024-07-18": "ETHUSDM",
}
LATENESS = timedelta(seconds=30)


@pytest.fixture
def field(kafka: str, database: Settings, tmp_path: Path) -> Settings:
    """A broker, a database and a lake of this test's own; there is no exchange to ask."""
    create_topics(kafka)
    nowhere = dict.fromkeys(("exchange_rest_url", "exchange_trades_url", "exchange_archive_url"), "http://127.0.0.1:9")
    own = {"kafka_bootstrap_servers": kafka, "data_dir": tmp_path, "cold_url": f"file:{tmp_path / 'lake'}"}
    return database.model_copy(update=nowhere | own)


@pytest.fixture
def hurried_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a minute is a long time for a test."""
    monkeypatch.setattr("wickstream.store.ledger.books.EVERY_S", 0.5)
    monkeypatch.setattr("wickstream.store.ledger.books.SETTLED_AFTER_MS", 2_000)
    monkeypatch.setattr("wickstream.store.ledger.bookkeeping.SETTLED_AFTER_MS", 2_000)
    monkeypatch.setattr("wickstream.store.ledger.cases.STREAM_MAY_COME_MS", 2_000)


@pytest.fixture
def query(spark: SparkSession, field: Settings, tmp_path: Path) -> Iterator[StreamingQuery]:
    """The candle query with next to no patience."""
    impatient = field.model_copy(update={"lateness_hours": LATENESS / timedelta(hours=1)})
    query = start_candles(spark, impatient, checkpoint=tmp_path / "checkpoint")
    yield query
    query.stop()


def publish_capture(settings: Settings, name: str, symbol: str, *, is_doubled: bool = False) -> None:
    values = captured(name, symbol=symbol)
    publish(settings, MINUTE_MARKS, mark_values(told_of(values), skip_edges=True))
    if is_doubled:
        values += values[len(values) // 5 : -len(values) // 5]
        random.Random(7).shuffle(values)
    publish(settings, RAW_TRADES, values)


async def repair_until(settings: Settings, condition: Callable[[], bool]) -> None:
    stop = asyncio.Event()
    watching = asyncio.create_task(watch(settings, stop=stop, on_ready=lambda: None))
    try:
        await asyncio.to_thread(wait_until, condition, deadline_s=400, what="every official kline")
    finally:
        stop.set()
        await watching


@pytest.mark.usefixtures("hurried_ledger")
def test_what_spark_cannot_close_is_found_and_made_again(field: Settings, query: StreamingQuery) -> None:
    for name, symbol in DOUBLED.items():
        publish_capture(field, name, symbol, is_doubled=True)
    query.processAllAvailable()
    for name, symbol in LATE.items():
        publish_capture(field, name, symbol)
    query.processAllAvailable()
    names = {**DOUBLED, **LATE}
    official = sum(len(official_minutes(name)) for name in names)

    with writing(field), psycopg.connect(conninfo(field), autocommit=True) as conn:
        wait_until(lambda: bool(read_warm(field, "ETHUSDT")), what="what Spark made of it")
        by_spark = closed_minutes(conn)
        asyncio.run(repair_until(field, lambda: closed_minutes(conn) >= official))

    assert by_spark <= 6, "or there was next to nothing to make again"
    assert [row for name, symbol in names.items() for row in unlike(field, name, symbol)] == []
    for name, symbol in names.items():
        assert [candle.open_time for candle in closed(field, symbol)] == official_minutes(name), (
            "partial ones stay open"
        )
