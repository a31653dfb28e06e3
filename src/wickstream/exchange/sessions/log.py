"""Kafka as one connector sees it: what it may write, and what was written. Blocking calls run in threads."""

import asyncio
import time
from collections.abc import Iterable, Sequence

import structlog

from wickstream.bus import topics
from wickstream.bus.codec import encode
from wickstream.bus.history import History
from wickstream.bus.producer import Batch, Record, TransactionalProducer
from wickstream.events import Author, SymbolEvent
from wickstream.exchange.sessions.instance import Instance
from wickstream.exchange.sessions.tail import Tail, find_layouts, has_twin, read_tails

log = structlog.get_logger()

TAKING_OVER = "taking over"  # of no symbol, but of a shard


class KafkaLog:
    """From one fence to the next; then a new one is needed.

    `fence`, `tails`, `send` and `commit` raise ProducerBroken or StoreBusy: what is not committed is not published.

    Attributes:
        took_over: nobody else may write since, but who takes over from us.
    """

    def __init__(self, bootstrap_servers: str, me: Instance) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._me = me
        self._fenced_at_ms = 0
        self.took_over = False
        self._producer = TransactionalProducer(bootstrap_servers, transactional_id=me.transactional_id)

    async def fence(self) -> None:
        """Nobody else writes in our place from here on, nor in another way to share the symbols."""
        self._fenced_at_ms = self.now_ms()
        await asyncio.to_thread(self._producer.fence)
        await asyncio.to_thread(
            self._producer.publish, [self._taking_over()]
        )  # at once: whoever was fenced looks for this
        self.took_over = True
        for other in await asyncio.to_thread(find_layouts, self._bootstrap_servers):
            if other.market == self._me.market and other.shards != self._me.shards:
                log.warning("fencing another way to share the symbols", shards=other.shards)
                await asyncio.to_thread(self._fence_all, other.of_layout(other.shards))

    def _taking_over(self) -> Record:
        event = SymbolEvent("", Author.CONNECTOR, TAKING_OVER, self.now_ms())
        return Record(topics.SYMBOL_EVENTS, self._me.key, encode(event), self._me.headers)

    def _fence_all(self, others: Iterable[Instance]) -> None:
        for other in others:
            producer = TransactionalProducer(self._bootstrap_servers, transactional_id=other.transactional_id)
            producer.fence()
            producer.let_go()

    async def tails(self, symbols: Iterable[str]) -> dict[str, Tail]:
        """Where each symbol stopped."""
        return await asyncio.to_thread(self._read_tails, tuple(symbols))

    def _read_tails(self, symbols: Iterable[str]) -> dict[str, Tail]:
        with History(self._bootstrap_servers) as history:
            return read_tails(history, symbols, producers_ms=producers_ms())

    async def send(self, records: Sequence[Record | Batch]) -> None:
        """Into the open transaction."""
        await asyncio.to_thread(self._producer.send, records)

    async def commit(self) -> None:
        """All that was sent, or nothing; committed when this returns."""
        await asyncio.to_thread(self._producer.commit)

    def now_ms(self) -> int:
        """The clock that stamps records."""
        return producers_ms()

    async def has_twin(self) -> bool:
        """Whether another connector has taken our place since we took it."""
        return await asyncio.to_thread(has_twin, self._bootstrap_servers, self._me, since_ms=self._fenced_at_ms)

    def let_go(self) -> None:
        """End the producer at once: the next session must not wait for a garbage collection of this one."""
        self._producer.let_go()


def producers_ms() -> int:
    """The clock that stamps records."""
    return int(time.time() * 1_000)
