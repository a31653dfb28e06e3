"""When the records of a topic can first be read, and how long that is after they were caused."""

import contextlib
import threading
import time
from collections.abc import Callable, Collection, Iterator

from confluent_kafka import Consumer, TopicPartition

from bench.table import Figure
from wickstream.bus.topics import TOPICS
from wickstream.config import Settings


@contextlib.contextmanager
def watched(settings: Settings, topic: str, take: Callable[[float, bytes], None]) -> Iterator[None]:
    """Each record, from the topic's beginning, is given to `take` with the moment (monotonic) at which it was read."""
    stopping = threading.Event()
    thread = threading.Thread(target=_watch, args=(settings, topic, take, stopping))
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def _watch(settings: Settings, topic: str, take: Callable[[float, bytes], None], stopping: threading.Event) -> None:
    consumer = Consumer({"bootstrap.servers": settings.kafka, "group.id": "bench", "enable.auto.commit": False})
    partitions = next(known.partitions for known in TOPICS if known.name == topic)
    consumer.assign([TopicPartition(topic, number, 0) for number in range(partitions)])
    while not stopping.is_set():
        message = consumer.poll(0.1)
        if message is not None and message.error() is None:
            take(time.monotonic(), message.value() or b"")
    consumer.close()


def latencies(what: str, took_s: Collection[float], *, p99_ms: float, p50_ms: float | None = None) -> list[Figure]:
    """How they are spread, beside their limits."""
    in_order = sorted(seconds * 1_000 for seconds in took_s)
    return [
        Figure(f"{what}, of {len(in_order):,}: p50", "ms", in_order[len(in_order) // 2], p50_ms),
        Figure("p99", "ms", in_order[len(in_order) * 99 // 100], p99_ms),
        Figure("the longest", "ms", in_order[-1]),
    ]
