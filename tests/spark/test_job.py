"""The candle query over a real Kafka: the exchange's own klines come out, whatever happens to query and process."""

import random
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from tests.running import wait_until
from tests.spark.decimal_oracle import oracle
from tests.spark.job_process import Job
from tests.spark.job_topics import (
    MIDNIGHT,
    Board,
    as_values,
    board,
    closed_minutes,
    forget_all_records,
    messages,
    of,
    producer,
    publish,
    some_trades,
)
from tests.spark.published_market import captured, mark_values, official_klines, told_of
from wickstream.bus.topics import MINUTE_MARKS, PROCESSED_AGGS, RAW_TRADES
from wickstream.candle import roll_up
from wickstream.config import Settings
from wickstream.stream.progress import well_formed
from wickstream.stream.queries import start_candles

pytestmark = [pytest.mark.spark, pytest.mark.stack]

# The markets share symbol names, so the futures' symbols are renamed here: one topic holds both captures.
CAPTURES = {
    "spot_btcusdt_2024-08-08": "BTCUSDT",
    "spot_ethusdt_2024-08-08": "ETHUSDT",
    "usdm_btcusdt_2024-07-18": "BTCUSDM",
    "usdm_ethusdt_2024-07-18": "ETHUSDM",
}
NUMBERS = ("open", "high", "low", "close", "volume", "quote_volume", "trade_count", "taker_buy_volume",
           "taker_buy_quote_volume")  # fmt: skip


@contextmanager
def running(spark: SparkSession, settings: Settings, checkpoint: Path) -> Iterator[StreamingQuery]:
    query = start_candles(spark, settings, checkpoint=checkpoint)
    yield query
    query.stop()


def until(condition: Callable[[], bool], what: str) -> None:
    wait_until(condition, deadline_s=90, what=what)


@pytest.fixture(scope="module")
def captures(topics: Settings) -> Settings:
    """The topics with all four captures in them, shuffled, and the marks of their whole minutes."""
    for name, symbol in CAPTURES.items():
        values = captured(name, symbol=symbol)
        publish(topics, MINUTE_MARKS, mark_values(told_of(values), skip_edges=True))
        random.Random(7).shuffle(values)
        publish(topics, RAW_TRADES, values)
    return topics


@pytest.fixture(scope="module")
def played(spark: SparkSession, captures: Settings, tmp_path_factory: pytest.TempPathFactory) -> Board:
    """What came of them, with the query stopped twice, once gone on with its checkpoint and once without."""
    checkpoint = tmp_path_factory.mktemp("checkpoints")
    with running(spark, captures, checkpoint / "first") as query:
        until(lambda: bool(query.recentProgress), "a first batch")
    with running(spark, captures, checkpoint / "first"):
        until(lambda: closed_minutes(captures, "ETHUSDM") == 7, "all minutes closed")
    return board(captures)


@pytest.mark.parametrize("name", CAPTURES)
def test_the_official_klines_come_out_to_the_last_digit(played: Board, name: str) -> None:
    minutes = of(played, CAPTURES[name])
    rows = [*official_klines(name, "1m"), *official_klines(name, "5m")]
    ours = {(c.interval, c.open_time): c for c in (*minutes, *roll_up(minutes, "5m"))}
    assert rows
    for row in rows:
        candle = ours[row["interval"], int(row["open_time"])]
        assert candle.closed
        assert candle.origin == "trades"
        assert {field: getattr(candle, field) for field in NUMBERS if row[field]} == {
            field: Decimal(row[field]) for field in NUMBERS if row[field]
        }


@pytest.mark.parametrize("name", CAPTURES)
def test_the_partial_first_and_last_minute_never_close(played: Board, name: str) -> None:
    minutes = of(played, CAPTURES[name])
    assert [candle.closed for candle in minutes] == [False] + [True] * (len(minutes) - 2) + [False]


def test_candles_lie_in_the_partition_that_librdkafka_gives_their_symbol(played: Board, captures: Settings) -> None:
    keys = {symbol.encode() for symbol in CAPTURES.values()}  # other tests have theirs in the same topics

    def placed(topic: str) -> dict[bytes | None, int | None]:
        return {m.key(): m.partition() for m in messages(captures, topic) if m.key() in keys}

    assert played
    assert placed(PROCESSED_AGGS) == placed(MINUTE_MARKS)  # as many partitions


def test_without_its_checkpoint_the_query_tells_the_same_again(
    spark: SparkSession, captures: Settings, played: Board, tmp_path: Path
) -> None:
    told = sum(1 for _ in messages(captures, PROCESSED_AGGS))
    with running(spark, captures, tmp_path / "second"):
        until(lambda: sum(1 for _ in messages(captures, PROCESSED_AGGS)) >= told + len(played), "all told again")
    again = board(captures)
    assert {key: value.version for key, value in again.items()} == {k: v.version for k, v in played.items()}
    assert again == played  # an equal version of equal origin never takes the place of the first


def test_aborted_transactions_are_not_read_and_malformed_values_are_counted(
    spark: SparkSession, topics: Settings, tmp_path: Path
) -> None:
    trades = some_trades("ABORTED")
    sender = producer(topics, **{"transactional.id": f"test-{uuid.uuid4()}"})
    sender.init_transactions(30)
    for is_kept in (False, True, False):
        sender.begin_transaction()
        for symbol, value in as_values(trades):
            sender.produce(RAW_TRADES, key=symbol, value=value)
        sender.flush(30)
        (sender.commit_transaction if is_kept else sender.abort_transaction)(30)
    publish(topics, RAW_TRADES, [("ABORTED", b"{not a trade")])
    publish(topics, MINUTE_MARKS, mark_values(trades))
    with running(spark, topics, tmp_path / "checkpoint") as query:
        until(lambda: closed_minutes(topics, "ABORTED") == 1, "the minute closed")
        until(lambda: bool(query.recentProgress), "progress")
        batches = query.recentProgress
    assert of(board(topics), "ABORTED")[0].trade_count == len(trades)
    assert sum(int(batch["numInputRows"]) - well_formed(batch) for batch in batches) == 1


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """Of the job alone; the broker has its own."""
    return tmp_path


@pytest.fixture
def start_job(topics: Settings, data_dir: Path, make_settings: Callable[..., Settings]) -> Iterator[Callable[[], Job]]:
    """Starts the job, again and again if need be; none is left afterwards."""
    own = make_settings(data_dir, kafka_bootstrap_servers=topics.kafka, lateness_hours=topics.lateness_hours)
    jobs: list[Job] = []

    def start() -> Job:
        jobs.append(Job(own, data_dir, "candles"))
        return jobs[-1]

    yield start
    for job in jobs:
        job.kill()


def test_a_killed_job_goes_on_and_a_told_one_stops_in_order(
    topics: Settings, start_job: Callable[[], Job], data_dir: Path
) -> None:
    trades = some_trades("KILLED")
    publish(topics, RAW_TRADES, as_values(trades[:20]))
    job = start_job()
    until(lambda: job.batches("candles") > 0, "a first batch")
    job.kill()
    publish(topics, RAW_TRADES, as_values(trades[20:]))
    publish(topics, MINUTE_MARKS, mark_values(trades))
    damage(checkpoint_of(data_dir))
    job = start_job()
    until(lambda: closed_minutes(topics, "KILLED") == 1, "the minute closed")
    began = time.monotonic()
    job.process.send_signal(signal.SIGTERM)
    assert job.process.wait(10) == 0
    assert time.monotonic() - began < 5
    assert "checkpoint replaced" in job.log.read_text()
    (candle,) = of(board(topics), "KILLED")
    truth = oracle(trades)["KILLED", MIDNIGHT]
    assert (candle.open, candle.high, candle.low, candle.close, candle.volume, candle.quote_volume) == truth[:6]


def checkpoint_of(data_dir: Path) -> Path:
    return data_dir / "checkpoints" / "candles-v5"


def damage(checkpoint: Path) -> None:
    """Cut the newest list of offsets in half, as a full disk does."""
    newest = max(
        (file for file in (checkpoint / "offsets").iterdir() if file.name.isdigit()), key=lambda f: int(f.name)
    )
    newest.write_bytes(newest.read_bytes()[: newest.stat().st_size // 2])


def test_a_job_whose_offsets_are_gone_starts_again_at_the_earliest(
    spark: SparkSession, topics: Settings, start_job: Callable[[], Job], data_dir: Path
) -> None:
    trades = some_trades("EXPIRED")
    publish(topics, RAW_TRADES, as_values(trades[:10]))
    with running(spark, topics, checkpoint_of(data_dir)) as query:
        until(lambda: bool(query.recentProgress), "a first batch")
    publish(topics, RAW_TRADES, as_values(trades))
    forget_all_records(topics, RAW_TRADES)
    publish(topics, RAW_TRADES, as_values(trades))
    publish(topics, MINUTE_MARKS, mark_values(trades))
    job = start_job()
    until(lambda: closed_minutes(topics, "EXPIRED") == 1, "the minute closed")
    assert "checkpoint replaced" in job.log.read_text()
