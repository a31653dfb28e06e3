"""The writer at work in a test, and what it is given."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tests.candles import minute
from tests.running import wait_until
from tests.tier_contents import read_cold, read_hot, read_warm
from wickstream.bus.codec import encode
from wickstream.bus.producer import IdempotentProducer, Record
from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.errors import StoreBusy
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
    ready = threading.Event()
    with in_thread(lambda stop: writer.write(settings, stop=stop, on_ready=ready.set, **options)):
        yield ready


class Running(threading.Thread):
    """What a test runs beside itself, until its end or until it fails; `ended`: by what."""

    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__()
        self._work = work
        self.ended: list[Exception] = []

    def run(self) -> None:
        try:
            self._work()
        except Exception as exc:  # noqa: BLE001 - shown by the test's own thread
            self.ended.append(exc)


@contextmanager
def in_thread(work: Callable[[threading.Event], None]) -> Iterator[Running]:
    """`work`, until the event it is given is set, at the end of the block. What ended it is raised then."""
    stop = threading.Event()
    running = Running(lambda: work(stop))
    running.start()
    try:
        yield running
    finally:
        stop.set()
        running.join(20)
        assert not running.is_alive()
    if running.ended:
        raise running.ended[0]


def again(act: Callable[[], object]) -> None:
    """Until the store takes it."""
    while True:
        try:
            act()
        except StoreBusy:
            continue
        return
