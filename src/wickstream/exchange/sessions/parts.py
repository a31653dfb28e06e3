"""What a session works with: Kafka, the chosen symbols and the sockets as it sees them."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from wickstream.bus.producer import Batch, Record
from wickstream.exchange.rest.client import ExchangeClient
from wickstream.exchange.sequencing.clock import ExchangeClock
from wickstream.exchange.sequencing.shard import Shard
from wickstream.exchange.sessions.spool import Spool
from wickstream.exchange.sessions.tail import Tail


class Log(Protocol):
    """Kafka, as `KafkaLog` has it."""

    async def fence(self) -> None:
        """Nobody else writes from here on."""

    async def tails(self, symbols: Iterable[str]) -> dict[str, Tail]:
        """Where each symbol stopped."""

    async def send(self, records: Sequence[Record | Batch]) -> None:
        """Into the open transaction."""

    async def commit(self) -> None:
        """All that was sent, or nothing."""

    def now_ms(self) -> int:
        """The clock that stamps records."""

    def let_go(self) -> None:
        """No more of it is needed."""


class Following(Protocol):
    """The chosen symbols, as the registry has them."""

    mine: frozenset[str]
    changed: asyncio.Event
    on_poll: Callable[[Mapping[str, str], int], None] | None

    @property
    def listings(self) -> Mapping[str, int]:
        """Symbols that we saw appear, and when."""
        ...


class Streams(Protocol):
    """The sockets, as `Sockets` has them."""

    def follow(self, symbols: Iterable[str]) -> None:
        """These and no others."""

    def is_silent(self, symbol: str) -> None:
        """Its frames do not come."""

    async def subscribed(self) -> None:
        """Wait until the exchange has confirmed all that is wanted."""


@dataclass(frozen=True)
class Parts:
    """What a session works with; all of it outlives the session."""

    client: ExchangeClient
    spool: Spool
    registry: Following
    streams: Streams
    instance: str
    clock: ExchangeClock = field(default_factory=ExchangeClock)
    absence_is_provable: bool = True
    epoch_us: Callable[[], int] = lambda: 0  # what the process clock's zero is in µs since 1970
    ever_followed: set[str] = field(default_factory=set)
    first_ids: dict[str, int] = field(default_factory=dict)  # newest ids when we subscribed; -1: it had none
    on_published: Callable[[Shard], None] = lambda _: None
