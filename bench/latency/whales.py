"""From a published trade to its whale alert, readable in Kafka: the job as `up` runs it, over several batches."""

import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil
from confluent_kafka import Consumer, Producer, TopicPartition

from bench.table import Figure
from tests.running import Launcher, wait_until
from wickstream.bus.codec import decode
from wickstream.bus.topics import ALERTS, RAW_TRADES, TOPICS, create_topics
from wickstream.config import Settings, child_environment
from wickstream.events import Alert, AlertType
from wickstream.operate.servers.local import kafka_spec

PORT_BASE = 21_140
SYMBOLS = [*(f"LAT{i}USDT" for i in range(18)), "BTCUSDT", "ETHUSDT"]
RATE, SECONDS, WHALE_EVERY = 1_000, 150, 60  # 2,500 whales over at least two boundaries
TICK_S = 0.01
WARM_UP_S = 20.0
DEADLINE_S = 90.0
STOP_S = 20.0

Moments = dict[str, float]  # by alert id, in seconds


def measure() -> list[Figure]:
    """Raises AssertionError if a whale is missing, or something else is called one."""
    with (
        tempfile.TemporaryDirectory(prefix="wickstream-bench-") as folder,
        _broker(Path(folder)) as settings,
        _job(settings) as job,
        _watcher(settings) as seen,
    ):
        wait_until(lambda: _answers(settings), deadline_s=DEADLINE_S, what="the job")
        before = _publish(settings, seconds=WARM_UP_S, first_id=1)
        began_cpu_s, began_s = _cpu_s(job), time.monotonic()
        published = _publish(settings, seconds=SECONDS, first_id=1_000_000)
        cores = (_cpu_s(job) - began_cpu_s) / (time.monotonic() - began_s)
        wait_until(lambda: published.keys() <= seen.keys(), deadline_s=DEADLINE_S, what="all whales")
    assert seen.keys() == before.keys() | published.keys()
    took_ms = sorted((seen[alert_id] - at_s) * 1_000 for alert_id, at_s in published.items())
    return [
        Figure(f"trade to whale alert, of {len(took_ms):,}: p50", "ms", _percentile(took_ms, 50), 10.0),
        Figure("p99", "ms", _percentile(took_ms, 99), 500.0),
        Figure("the longest", "ms", took_ms[-1]),
        Figure(f"the job's CPU at {RATE:,} trades/s", "cores", cores),
    ]


def _percentile(sorted_ms: list[float], percent: int) -> float:
    return sorted_ms[min(len(sorted_ms) * percent // 100, len(sorted_ms) - 1)]


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
    argv = [sys.executable, "-m", "wickstream", "stream", "--data-dir", str(settings.data_dir)]
    environment = os.environ | child_environment(settings)
    with (settings.data_dir.parent / "stream.log").open("wb") as log:
        process = subprocess.Popen(argv, env=environment, stdout=log, stderr=log)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_S)
        process.kill()
        process.wait()
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


def _publish(settings: Settings, *, seconds: float, first_id: int) -> Moments:
    """Trades at an even rate; returns when each whale was handed to the producer."""
    producer = Producer({"bootstrap.servers": settings.kafka, "partitioner": "murmur2_random", "linger.ms": 0})
    chance, whales, began_s, count = random.Random(7), {}, time.monotonic(), 0
    while (passed_s := time.monotonic() - began_s) < seconds:
        for trade_id in range(first_id + count, first_id + int(passed_s * RATE)):
            symbol, is_whale = chance.choice(SYMBOLS), chance.randrange(WHALE_EVERY) == 0
            if is_whale:
                whales[f"{AlertType.WHALE}:{symbol}:{trade_id}"] = time.monotonic()
            producer.produce(RAW_TRADES, _trade(symbol, trade_id, is_whale=is_whale), symbol)
            producer.poll(0)
        count = int(passed_s * RATE)
        time.sleep(TICK_S)
    assert producer.flush(30) == 0
    return whales


def _trade(symbol: str, trade_id: int, *, is_whale: bool) -> bytes:
    now_ms, quantity = time.time_ns() // 1_000_000, "1.60000000" if is_whale else "0.01500000"
    facts = {"e": "trade", "E": now_ms, "s": symbol, "t": trade_id, "p": "64000.10000000", "q": quantity}
    return json.dumps(facts | {"T": now_ms, "m": trade_id % 2 == 0, "M": True}, separators=(",", ":")).encode()


@contextlib.contextmanager
def _watcher(settings: Settings) -> Iterator[Moments]:
    """When each whale could first be read."""
    seen, stopping = Moments(), threading.Event()
    thread = threading.Thread(target=_watch, args=(settings, seen, stopping))
    thread.start()
    try:
        yield seen
    finally:
        stopping.set()
        thread.join()


def _watch(settings: Settings, seen: Moments, stopping: threading.Event) -> None:
    consumer = Consumer({"bootstrap.servers": settings.kafka, "group.id": "bench", "enable.auto.commit": False})
    partitions = next(topic.partitions for topic in TOPICS if topic.name == ALERTS)
    consumer.assign([TopicPartition(ALERTS, number, 0) for number in range(partitions)])
    while not stopping.is_set():
        message = consumer.poll(0.1)
        if message is not None and message.error() is None:
            now_s, alert = time.monotonic(), decode(message.value(), Alert)
            if alert.type is AlertType.WHALE:
                seen.setdefault(alert.alert_id, now_s)
    consumer.close()
