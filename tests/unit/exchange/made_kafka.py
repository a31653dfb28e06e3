"""A Kafka that keeps what was committed in lists."""

import asyncio
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from tests.unit.exchange.made_exchange import SYMBOL
from wickstream.bus import topics
from wickstream.bus.codec import decode
from wickstream.bus.producer import Batch, ProducerBroken, Record, singly
from wickstream.errors import StoreBusy
from wickstream.events import Gap, Mark, Source, SymbolEvent
from wickstream.exchange.sequencing.arrival import Arrival
from wickstream.exchange.sessions.tail import Tail, read_tails


class Written(NamedTuple):
    """One committed record, as it is read."""

    at_ms: int
    record: Record

    def value(self) -> bytes:
        return self.record.value

    def timestamp(self) -> tuple[int, int]:
        return 1, self.at_ms

    def headers(self) -> list[tuple[str, bytes]]:
        return list(self.record.headers)


class MadeKafka:
    """Committed records by topic, one partition each; `symbol_events` is compacted."""

    def __init__(self) -> None:
        self.log: dict[str, list[Written]] = {}
        self.transactions: list[list[Record]] = []

    def commit(self, published: Iterable[Record | Batch], at_ms: int) -> None:
        records = list(chain.from_iterable(map(singly, published)))
        self.transactions.append(records)
        for record in records:
            self.log.setdefault(record.topic, []).append(Written(at_ms, record))

    def of(self, topic: str, symbol: str = SYMBOL) -> list[bytes]:
        """Values of a topic; of all symbols where the key is another one."""
        return [written.value() for written in self.log.get(topic, []) if written.record.key in {symbol, ""}]

    def ids(self, symbol: str = SYMBOL) -> list[int]:
        """Of all published trades, in order."""
        return [Arrival.read(data, Source.WS, 0).trade_id for data in self.of(topics.RAW_TRADES, symbol)]

    def events(self, symbol: str = SYMBOL) -> list[SymbolEvent]:
        written = self.log.get(topics.SYMBOL_EVENTS, [])
        return [event for one in written if (event := decode(one.value(), SymbolEvent)).symbol == symbol]

    def marks(self, symbol: str = SYMBOL) -> list[Mark]:
        return [decode(value, Mark) for value in self.of(topics.MINUTE_MARKS, symbol)]

    def gaps(self, symbol: str = SYMBOL) -> list[Gap]:
        return [decode(value, Gap) for value in self.of(topics.FEED_GAPS, symbol)]

    # As `History` reads it

    def bounds(self, topic: str) -> dict[int, tuple[int, int]]:
        return {0: (0, len(self.log.get(topic, [])))}

    def offsets_at(self, topic: str, time_ms: int) -> dict[int, int]:
        return {0: bisect_left(self.log.get(topic, []), time_ms, key=lambda written: written.at_ms)}

    def read(self, topic: str, starts: Mapping[int, int]) -> Iterator[Written]:
        written = self.log.get(topic, [])[starts[0] :]
        if topic == topics.SYMBOL_EVENTS:
            written = list({one.record.key: one for one in written}.values())
        return iter(written)


class MadeLog:
    """`KafkaLog`.

    Attributes:
        steps: what was done, in order; streams write into the same list.
        failures: of the publications to come; None: it is committed. With `is_committed`, only the answer is lost.
    """

    def __init__(self, kafka: MadeKafka, steps: list[str] | None = None) -> None:
        self.steps = [] if steps is None else steps
        self.failures: deque[ProducerBroken | None] = deque()
        self.is_committed = False
        self.busy: deque[StoreBusy] = deque()  # answers to who asks for tails or twins
        self.took_over = False
        self.twin = False
        self.takes_s = 0.005
        self.sent: list[tuple[float, list[Record | Batch]]] = []  # when, into the open transaction
        self.fails_to_fence: ProducerBroken | None = None
        self._kafka = kafka
        self._loop = asyncio.get_running_loop()

    async def fence(self) -> None:
        self.steps.append("fence")
        await asyncio.sleep(self.takes_s)
        if self.fails_to_fence is not None:
            raise self.fails_to_fence
        self.took_over = True

    async def tails(self, symbols: Iterable[str]) -> dict[str, Tail]:
        self.steps.append(f"tails of {','.join(symbols)}")
        await asyncio.sleep(self.takes_s)
        if self.busy:
            raise self.busy.popleft()
        return read_tails(self._kafka, symbols, producers_ms=self.now_ms())

    async def send(self, records: Sequence[Record | Batch]) -> None:
        self.sent.append((self._loop.time(), list(records)))

    async def commit(self) -> None:
        self.steps.append("publish")
        failure = self.failures.popleft() if self.failures else None
        await asyncio.sleep(self.takes_s)
        records = [record for _, some in self.sent for record in some]
        self.sent.clear()
        if failure is None or self.is_committed:
            self._kafka.commit(records, self.now_ms())
        if failure is not None:
            raise failure

    def now_ms(self) -> int:
        return 1_000_000 + int(self._loop.time() * 1_000)

    async def has_twin(self) -> bool:
        await asyncio.sleep(self.takes_s)
        if self.busy:
            raise self.busy.popleft()
        return self.twin

    def let_go(self) -> None:
        self.steps.append("let go")
