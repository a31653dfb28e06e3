"""The writer at work in a test, and what it is given."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tests.candles import minute
from tests.running import wait_until
from tests.tier_contents import read_cold, read_hot, read_warm
from wickstream.bus.codec import encode
from wickstream.bus.producer import IdempotentProducer, Record
from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.events import Gap, Mark
from wickstream.store import writer


def publish(settings: Settings, topic: str, records: Sequence[Candle | Mark | Gap]) -> None:
    producer = IdempotentProducer(settings.kafka)
    for record in records:
        producer.publish(Record(topic, record.symbol, encode(record)))
    producer.flush()


def grown(symbol: str, count: int) -> list[Candle]:
    """Each minute's candle as it grows and closes."""
    stages: tuple[dict[str, Any], ...] = ({"trade_count": 4, "closed": False}, {"trade_count": 9, "closed": False}, {})
    return [minute(symbol, number, **fields) for number in range(count) for fields in stages]


def contents(settings: Settings, symbol: str) -> dict[str, list[Candle]]:
    return {
        "hot": read_hot(settings, symbol),
        "warm": read_warm(settings, symbol),
        "cold": read_cold(settings, symbol),
    }


def wait_for_all(settings: Settings, symbol: str, rows: list[Candle], *, deadline_s: float = 30.0) -> None:
    expected = dict.fromkeys(("hot", "warm", "cold"), rows)
    wait_until(lambda: contents(settings, symbol) == expected, deadline_s=deadline_s, what="all tiers alike")


@contextmanager
def writing(settings: Settings, **options: Any) -> Iterator[threading.Event]:
    """The writer in a thread; gives the event that is set when it is ready. What ended it is raised."""
    stop, ready, ended = threading.Event(), threading.Event(), []

    def work() -> None:
        try:
            writer.write(settings, stop=stop, on_ready=ready.set, **options)
        except Exception as exc:  # noqa: BLE001 - shown by the test's own thread
            ended.append(exc)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield ready
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()
    if ended:
        raise ended[0]
