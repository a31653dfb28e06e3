"""What a session works with: sockets and choices by hand, an exchange and a Kafka of a few lists."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress

from tests.unit.exchange.made_exchange import OTHER, SYMBOL, MadeExchange, rest, trade_frame
from tests.unit.exchange.made_kafka import MadeKafka, MadeLog
from wickstream.exchange.sessions.parts import Parts
from wickstream.exchange.sessions.session import Session
from wickstream.exchange.sessions.spool import Spool


class MadeStreams:
    """`Sockets`; what they bring is put into the spool by the test."""

    def __init__(self, steps: list[str]) -> None:
        self.followed: tuple[str, ...] = ()
        self.silent: list[str] = []
        self.takes_s = 0.1
        self._steps = steps

    def follow(self, symbols: Iterable[str]) -> None:
        self.followed = tuple(symbols)
        self._steps.append(f"follow {','.join(self.followed)}")

    def is_silent(self, symbol: str) -> None:
        self.silent.append(symbol)

    async def subscribed(self) -> None:
        await asyncio.sleep(self.takes_s)


class MadeRegistry:
    """`Registry`: the test chooses."""

    def __init__(self, *symbols: str) -> None:
        self.mine = frozenset(symbols)
        self.changed = asyncio.Event()
        self.on_poll: Callable[[Mapping[str, str], int], None] | None = None
        self.listings: dict[str, int] = {}

    def choose(self, *symbols: str) -> None:
        self.mine = frozenset(symbols)
        self.changed.set()


class Stage:
    """All of it; each symbol has traded once, before the running minute, with id 0."""

    def __init__(self, *symbols: str) -> None:
        loop = asyncio.get_running_loop()
        self.exchange = MadeExchange()
        for symbol in (SYMBOL, OTHER):
            self.exchange.trades[symbol] = [rest(0, -5_000, symbol)]
        self.kafka = MadeKafka()
        self.steps: list[str] = []
        self.streams = MadeStreams(self.steps)
        self.registry = MadeRegistry(*(symbols or (SYMBOL,)))
        self.spool = Spool(process_s=loop.time)
        self.stop = asyncio.Event()
        self.parts = Parts(self.exchange.client, self.spool, self.registry, self.streams, "spot-0/1:me")

    def log(self) -> MadeLog:
        """For one more session."""
        return MadeLog(self.kafka, self.steps)

    def end(self) -> None:
        """As a signal does."""
        self.stop.set()
        self.spool.wake()


@asynccontextmanager
async def session(stage: Stage, log: MadeLog | None = None) -> AsyncIterator[MadeLog]:
    """One that runs; stopped in order at the end."""
    bus = log or stage.log()
    running = asyncio.ensure_future(Session(stage.parts, bus).run(stage.stop))
    try:
        yield bus
        stage.end()
        await running
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.wait({running})
        stage.stop.clear()


def trade(stage: Stage, *ids: int, symbol: str = SYMBOL, on_sockets: bool = True, every_ms: int = 10) -> None:
    """These happen now, one after the other."""
    for number, trade_id in enumerate(ids):
        at_ms = stage.exchange.starts_ms + int(asyncio.get_running_loop().time() * 1_000) + number * every_ms
        stage.exchange.trades.setdefault(symbol, []).append(rest(trade_id, at_ms, symbol))
        if on_sockets:
            stage.spool.add(trade_frame(trade_id, at_ms, symbol))


def published(stage: Stage, ids: range, symbol: str = SYMBOL) -> Callable[[], bool]:
    """Whether just these are."""
    return lambda: stage.kafka.ids(symbol) == list(ids)
