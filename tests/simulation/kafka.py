"""Kafka, as far as one shard sees it: whole transactions or none, epochs, outages, retention, compaction."""

import bisect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

from tests.simulation.market import to_ms
from wickstream.bus import topics
from wickstream.bus.producer import Batch, Record, singly

TRANSACTION_TIMEOUT_S = 5.0


class Written(NamedTuple):
    """One committed record."""

    at_s: float
    record: Record

    def value(self) -> bytes:
        return self.record.value

    def timestamp(self) -> tuple[int, int]:
        return 1, to_ms(self.at_s)

    def headers(self) -> Sequence[tuple[str, bytes]]:
        return self.record.headers


@dataclass
class Kafka:
    """Committed records by topic."""

    outages: list[tuple[float, float]] = field(default_factory=list)
    log: dict[str, list[Written]] = field(default_factory=dict)
    epoch: int = 0
    owner: int = -1  # the connector that said last that it took over
    commits_s: tuple[float, ...] = (0.002, 0.03)
    is_calm: bool = False  # aborts nothing any more

    def back_at(self, now_s: float) -> float:
        """When it answers again; now, if it does."""
        return next((until_s for from_s, until_s in self.outages if from_s <= now_s < until_s), now_s)

    def write(self, records: Iterable[Record | Batch], now_s: float) -> None:
        """A transaction is committed."""
        for record in chain.from_iterable(map(singly, records)):
            self.log.setdefault(record.topic, []).append(Written(now_s, record))

    def of(self, topic: str) -> list[Written]:
        """All of a topic."""
        return self.log.get(topic, [])


class Past:
    """One look at what is committed by then."""

    def __init__(self, kafka: Kafka) -> None:
        self._log = {topic: list(written) for topic, written in kafka.log.items()}
        events = {written.record.key: written for written in self._log.get(topics.SYMBOL_EVENTS, [])}
        self._log[topics.SYMBOL_EVENTS] = list(events.values())

    def bounds(self, topic: str) -> dict[int, tuple[int, int]]:
        return {0: (0, len(self._log.get(topic, [])))}

    def offsets_at(self, topic: str, time_ms: int) -> dict[int, int]:
        return {0: bisect.bisect_left(self._log.get(topic, []), time_ms, key=lambda written: written.timestamp()[1])}

    def read(self, topic: str, starts: Mapping[int, int]) -> Iterator[Written]:
        return iter(self._log.get(topic, [])[starts[0] :])
