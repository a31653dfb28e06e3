"""From a published trade to a candle that counts it, readable in Kafka: the candle part of the job, as a process."""

import contextlib
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil
from confluent_kafka import Consumer, Producer, TopicPartition

from bench.table import Figure
from tests.running import Launcher, wait_until
from wickstream.bus.codec import decode
from wickstream.bus.topics import PROCESSED_AGGS, RAW_TRADES, TOPICS, create_topics
from wickstream.candle import Candle
from wickstream.config import Settings, child_environment
from wickstream.events import MINUTE_MS
from wickstream.operate.servers.local import kafka_spec

PORT_BASE = 21_080
SYMBOLS = [f"LAT{i}USDT" for i in range(20)]
RATE, SECONDS, WARM_UP_S = 1_000, 60, 30
TICK_S = 0.01
DEADLINE_S = 90.0

Minutes = dict[tuple[str, int], list[float]]  # by symbol and open time: a moment for each of its trades, in order


class _Watcher:
    """When each trade could first be read in a candle: one that counts so many."""

    def __init__(self, settings: Settings) -> None:
        self.seen: Minutes = defaultdict(list)
        self._settings = settings
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "_Watcher":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _watch(self) -> None:
        consumer = Consumer(
            {"bootstrap.servers": self._settings.kafka, "group.id": "bench", "enable.auto.commit": False}
        )
        partitions = next(topic.partitions for topic in TOPICS if topic.name == PROCESSED_AGGS)
        consumer.assign([TopicPartition(PROCESSED_AGGS, number, 0) for number in range(partitions)])
        while not self._stopping.is_set():
            message = consumer.poll(0.1)
            if message is not None and message.error() is None:
                now_s, candle = time.monotonic(), decode(message.value(), Candle)
                moments = self.seen[candle.symbol, candle.open_time]
                moments += [now_s] * (candle.trade_count - len(moments))
        consumer.close()


def measure() -> list[Figure]:
    """Raises AssertionError if a trade is in no candle."""
    with (
        tempfile.TemporaryDirectory(prefix="wickstream-bench-") as folder,
        _broker(Path(folder)) as settings,
        _job(settings) as job,
        _Watcher(settings) as watcher,
    ):
        wait_until(lambda: _answers(settings), deadline_s=DEADLINE_S, what="the job")
        published: Minutes = defaultdict(list)
        _publish(settings, published, seconds=WARM_UP_S, first_id=1)
        warm_s, began_cpu_s = time.monotonic(), _cpu_s(job)
        _publish(settings, published, seconds=SECONDS, first_id=WARM_UP_S * RATE + 1)
        cores = (_cpu_s(job) - began_cpu_s) / (time.monotonic() - warm_s)
        wait_until(lambda: _all_are_in(published, watcher.seen), deadline_s=DEADLINE_S, what="all trades in candles")
        idle_s, idle_cpu_s = time.monotonic(), _cpu_s(job)
        time.sleep(WARM_UP_S)
        idle_cores = (_cpu_s(job) - idle_cpu_s) / (time.monotonic() - idle_s)
    took_ms = sorted(
        (seen_s - at_s) * 1_000
        for minute, moments in published.items()
        for at_s, seen_s in zip(moments, watcher.seen[minute], strict=True)
        if at_s >= warm_s
    )
    return [
        Figure(f"trade to candle, of {len(took_ms):,}: p50", "ms", took_ms[len(took_ms) // 2], 400.0),
        Figure("p99", "ms", took_ms[len(took_ms) * 99 // 100], 1_000.0),
        Figure("the longest", "ms", took_ms[-1]),
        Figure(f"the job's CPU at {RATE:,} trades/s", "cores", cores),
        Figure("the job's CPU, idle", "cores", idle_cores),
    ]


def _all_are_in(published: Minutes, seen: Minutes) -> bool:
    return all(len(seen[minute]) == len(moments) for minute, moments in published.items())


def _publish(settings: Settings, published: Minutes, *, seconds: int, first_id: int) -> None:
    """Trades at an even rate, and when each was handed to the producer."""
    producer = Producer({"bootstrap.servers": settings.kafka, "partitioner": "murmur2_random", "linger.ms": 0})
    began_s, count = time.monotonic(), 0
    while count < seconds * RATE:
        due = min(int((time.monotonic() - began_s) * RATE), seconds * RATE)
        for trade_id in range(first_id + count, first_id + due):
            symbol, now_ms = SYMBOLS[trade_id % len(SYMBOLS)], time.time_ns() // 1_000_000
            published[symbol, now_ms - now_ms % MINUTE_MS].append(time.monotonic())
            producer.produce(RAW_TRADES, _trade(symbol, trade_id, now_ms), symbol)
        count = due
        producer.poll(0)
        time.sleep(TICK_S)
    assert producer.flush(30) == 0


def _trade(symbol: str, trade_id: int, now_ms: int) -> bytes:
    facts = {"e": "trade", "E": now_ms, "s": symbol, "t": trade_id, "p": "64000.10000000", "q": "0.01500000"}
    return json.dumps(facts | {"T": now_ms, "m": trade_id % 2 == 0, "M": True}, separators=(",", ":")).encode()


@contextlib.contextmanager
def _broker(folder: Path) -> Iterator[Settings]:
    settings = Settings(data_dir=folder / "data", port_base=PORT_BASE, kafka_bootstrap_servers=None)
    launcher = Launcher()
    try:
        launcher.start(kafka_spec(settings))
        create_topics(settings.kafka)
        yield settings
    finally:
        launcher.close()


@contextlib.contextmanager
def _job(settings: Settings) -> Iterator[psutil.Process]:
    argv = [sys.executable, "-m", "wickstream", "stream", "candles", "--data-dir", str(settings.data_dir)]
    with (settings.data_dir.parent / "stream.log").open("wb") as log:
        process = subprocess.Popen(argv, env=child_environment(settings), stdout=log, stderr=log)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _answers(settings: Settings) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{settings.port('stream')}/metrics", timeout=2):
            return True
    except URLError:
        return False


def _cpu_s(job: psutil.Process) -> float:
    times = [process.cpu_times() for process in (job, *job.children(recursive=True))]
    return float(sum(used.user + used.system for used in times))
