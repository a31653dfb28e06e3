"""The candle query over a real Kafka: the exchange's own klines come out, whatever happens to query and process."""

import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec
from decimal_oracle import Told, oracle
from published_market import captured, mark_values, official_klines, told_of, trade_value
from pyspark.sql import SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from running import wait_until
from wickstream.bus.codec import decode
from wickstream.bus.topics import MINUTE_MARKS, PROCESSED_AGGS, RAW_TRADES
from wickstream.candle import Candle, roll_up, supersedes
from wickstream.config import Settings
from wickstream.stream.checkpoint import checkpoint_folder
from wickstream.stream.job import start_query
from wickstream.stream.progress import well_formed

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
MIDNIGHT = 1_723_161_600_000
Board = dict[tuple[str, int], Candle]


def producer(settings: Settings, **more: str) -> Producer:
    return Producer({"bootstrap.servers": settings.kafka, "partitioner": "murmur2_random", "linger.ms": 20, **more})


def publish(settings: Settings, topic: str, values: Iterable[tuple[str, bytes]]) -> None:
    sender = producer(settings)
    for symbol, value in values:
        sender.produce(topic, key=symbol, value=value)
    assert sender.flush(30) == 0


def messages(settings: Settings, topic: str) -> Iterator[Message]:
    """All committed messages a topic holds now."""
    consumer = Consumer({"bootstrap.servers": settings.kafka, "group.id": "test", "enable.partition.eof": True})
    partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    consumer.assign([TopicPartition(topic, p, 0) for p in partitions])
    ended = 0
    while ended < len(partitions):
        message = consumer.poll(10)
        assert message is not None
        if message.error():
            ended += 1
        else:
            yield message
    consumer.close()


def board(settings: Settings) -> Board:
    """What a store holds that takes the topic from its beginning."""
    newest: Board = {}
    for message in messages(settings, PROCESSED_AGGS):
        candle = decode(message.value(), Candle)
        key = (candle.symbol, candle.open_time)
        if key not in newest or supersedes(candle, newest[key]):
            newest[key] = candle
    return newest


def of(candles: Board, symbol: str) -> list[Candle]:
    return [candle for (own, _), candle in sorted(candles.items()) if own == symbol]


def closed_minutes(settings: Settings, symbol: str) -> int:
    return sum(candle.closed for candle in of(board(settings), symbol))


def some_trades(symbol: str, *, count: int = 50) -> list[Told]:
    """One minute's trades."""
    return [
        Told(symbol, 100 + i, Decimal(100 + i % 7), Decimal("0.5"), MIDNIGHT + i, buyer_is_maker=i % 3 == 0)
        for i in range(count)
    ]


def as_values(trades: Iterable[Told]) -> list[tuple[str, bytes]]:
    return [(trade.symbol, trade_value(trade)) for trade in trades]


@contextmanager
def running(spark: SparkSession, settings: Settings, checkpoint: Path) -> Iterator[StreamingQuery]:
    query = start_query(spark, settings, checkpoint=checkpoint)
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
    placed = {m.key(): m.partition() for m in messages(captures, MINUTE_MARKS)}  # as many partitions
    assert played
    assert {m.key(): m.partition() for m in messages(captures, PROCESSED_AGGS)} == placed


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


class Job:
    """The process, as the supervisor starts it."""

    def __init__(self, settings: Settings, data_dir: Path) -> None:
        command = [sys.executable, "-m", "wickstream", "stream", "--data-dir", str(data_dir)]
        environment = os.environ | {
            "KAFKA_BOOTSTRAP_SERVERS": settings.kafka,
            "LATENESS_HOURS": str(settings.lateness_hours),
            "WICKSTREAM_PORT_BASE": str(settings.port_base),
        }
        self.log = data_dir / f"job-{time.monotonic_ns()}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, env=environment, stderr=log, start_new_session=True)
        self.metrics_url = f"http://127.0.0.1:{settings.port('stream')}/metrics"

    def batches(self) -> float:
        """Micro-batches done, -1 while the process does not answer."""
        assert self.process.poll() is None, self.log.read_text()
        try:
            with urllib.request.urlopen(self.metrics_url, timeout=2) as answer:
                lines = answer.read().decode().splitlines()
        except OSError:
            return -1
        return next(
            float(line.split()[1]) for line in lines if line.startswith("wickstream_stream_batch_seconds_count")
        )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


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
        jobs.append(Job(own, data_dir))
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
    until(lambda: job.batches() > 0, "a first batch")
    job.kill()
    publish(topics, RAW_TRADES, as_values(trades[20:]))
    publish(topics, MINUTE_MARKS, mark_values(trades))
    damage(checkpoint_folder_of(topics, data_dir))
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


def checkpoint_folder_of(settings: Settings, data_dir: Path) -> Path:
    return checkpoint_folder(settings.model_copy(update={"data_dir": data_dir}))


def damage(checkpoint: Path) -> None:
    """Cut the newest list of offsets in half, as a full disk does."""
    newest = max(
        (file for file in (checkpoint / "offsets").iterdir() if file.name.isdigit()), key=lambda f: int(f.name)
    )
    newest.write_bytes(newest.read_bytes()[: newest.stat().st_size // 2])


def test_a_job_whose_offsets_are_gone_starts_again_at_the_earliest(
    topics: Settings, start_job: Callable[[], Job]
) -> None:
    trades = some_trades("EXPIRED")
    publish(topics, RAW_TRADES, as_values(trades[:10]))
    job = start_job()
    until(lambda: job.batches() > 0, "a first batch")
    job.kill()
    publish(topics, RAW_TRADES, as_values(trades))
    forget_all_records(topics, RAW_TRADES)
    publish(topics, RAW_TRADES, as_values(trades))
    publish(topics, MINUTE_MARKS, mark_values(trades))
    job = start_job()
    until(lambda: closed_minutes(topics, "EXPIRED") == 1, "the minute closed")
    assert "checkpoint replaced" in job.log.read_text()


def forget_all_records(settings: Settings, topic: str) -> None:
    """What retention does."""
    admin = AdminClient({"bootstrap.servers": settings.kafka})
    partitions = [TopicPartition(topic, p) for p in admin.list_topics(topic).topics[topic].partitions]
    ends = {p: f.result().offset for p, f in admin.list_offsets(dict.fromkeys(partitions, OffsetSpec.latest())).items()}
    for future in admin.delete_records([TopicPartition(p.topic, p.partition, end) for p, end in ends.items()]).values():
        future.result()
