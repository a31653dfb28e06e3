"""The connector's own code, between a simulated exchange and a simulated Kafka."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from typing import cast

from tests.simulation.exchange import Client, Exchange, Streams
from tests.simulation.kafka import TRANSACTION_TIMEOUT_S, Kafka, Past
from tests.simulation.market import to_ms
from tests.simulation.process import Process
from wickstream.bus.producer import Batch, ProducerBroken, Record
from wickstream.exchange.rest.client import ExchangeClient
from wickstream.exchange.sessions.ending import until_one_ends
from wickstream.exchange.sessions.parts import Parts
from wickstream.exchange.sessions.sessions import run_sessions
from wickstream.exchange.sessions.spool import Spool
from wickstream.exchange.sessions.tail import Tail, read_tails

STATUS_POLL_S = 20.0
FENCE_TIMEOUT_S = 30.0
SPOOL_BYTES = 60_000


class Reading:
    """Whether the sockets are read."""

    def __init__(self) -> None:
        self.is_on = True

    def stop(self) -> None:
        self.is_on = False

    def go_on(self) -> None:
        self.is_on = True


class Chosen:
    """`Registry`: always the same symbols, and what the exchange says of them."""

    def __init__(self, exchange: Exchange, client: Client) -> None:
        self.mine = frozenset(exchange.markets)
        self.listings: Mapping[str, int] = {}
        self.changed = asyncio.Event()
        self.on_poll: Callable[[Mapping[str, str], int], None] | None = None
        self._client = client
        self._exchange = exchange

    async def run(self) -> None:
        """Poll; and let symbols go and come, where they do."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._poll())
            if self._exchange.symbols_change:
                tasks.create_task(self._change())

    async def _change(self) -> None:
        chance, symbols = self._exchange.chance, sorted(self._exchange.markets)
        while self._exchange.symbols_change:
            await asyncio.sleep(chance.choice((0.3, 2, 10, 60)))
            if not self._exchange.symbols_change:
                break
            self._choose(symbols[:1])
            await asyncio.sleep(chance.choice((0.3, 2, 10)))
            self._choose(symbols)

    def _choose(self, symbols: Iterable[str]) -> None:
        self.mine = frozenset(symbols)
        self.changed.set()

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(STATUS_POLL_S)
            try:
                info = await self._client.exchange_info()
            except Exception:  # noqa: BLE001, S112 (the exchange was not there; the next poll is soon)
                continue
            if self.on_poll is not None:
                self.on_poll({row.symbol: row.status for row in info.symbols}, info.server_time)


class Log:
    """`KafkaLog`."""

    def __init__(self, kafka: Kafka, process: Process, chance: Random, *, number: int) -> None:
        self._kafka = kafka
        self._process = process
        self._chance = chance
        self._number = number
        self._epoch = -1
        self.took_over = False
        self._sent: list[Record | Batch] = []
        self._loop = asyncio.get_running_loop()

    async def fence(self) -> None:
        await self._reach(FENCE_TIMEOUT_S)
        self._kafka.epoch += 1
        self._epoch = self._kafka.epoch
        await self._process.step()
        self._fail_if_fenced()
        self._kafka.owner = self._number
        self.took_over = True

    async def tails(self, symbols: Iterable[str]) -> dict[str, Tail]:
        await self._reach(FENCE_TIMEOUT_S)
        found = read_tails(Past(self._kafka), symbols, producers_ms=self.now_ms())
        await asyncio.sleep(self._chance.choice((0.02, 0.4)))
        await self._process.step()
        return found

    async def send(self, records: Sequence[Record | Batch]) -> None:
        await self._process.step()  # taken, and not sent
        self._sent += records

    async def commit(self) -> None:
        await self._reach(TRANSACTION_TIMEOUT_S + 1)
        self._fail_if_fenced()
        if not self._kafka.is_calm and self._chance.random() < 0.005:
            raise ProducerBroken("aborted", fenced=False)
        await asyncio.sleep(self._chance.choice(self._kafka.commits_s))
        await self._process.step()  # all is sent, nothing committed
        self._fail_if_fenced()
        self._kafka.write(self._sent, self._loop.time())
        self._sent = []
        await self._process.step()  # committed, and nobody knows
        if not self._kafka.is_calm and self._chance.random() < 0.003:
            raise ProducerBroken("no answer to the commit", fenced=False)

    def _fail_if_fenced(self) -> None:
        if self._epoch != self._kafka.epoch:
            raise ProducerBroken("fenced", fenced=True)

    async def _reach(self, timeout_s: float) -> None:
        await self._process.step()
        back_s = self._kafka.back_at(self._loop.time())
        await asyncio.sleep(min(timeout_s, back_s - self._loop.time()))
        if self._loop.time() < back_s:
            raise ProducerBroken("Kafka is away", fenced=False)
        await self._process.step()

    def let_go(self) -> None:
        """Nothing is held."""

    def now_ms(self) -> int:
        return to_ms(self._loop.time())

    async def has_twin(self) -> bool:
        await self._process.step()
        return self._kafka.owner != self._number


def start_connector(
    exchange: Exchange, kafka: Kafka, *, number: int, dies_at_step: int | None, until_s: float
) -> tuple[Process, Spool]:
    """A process that runs from here on."""
    process = Process(f"connector {number}", dies_at_step=dies_at_step)
    loop = asyncio.get_running_loop()
    client = Client(exchange, process)
    reading = Reading()
    spool = Spool(process_s=loop.time, limit_bytes=SPOOL_BYTES)
    spool.on_full, spool.on_room = reading.stop, reading.go_on

    def on_frame(frame: bytes) -> None:
        if reading.is_on and not process.is_dead:  # what nobody reads is lost with the connection
            spool.add(frame)

    streams = Streams(exchange, process, on_frame, until_s=until_s)
    registry = Chosen(exchange, client)
    parts = Parts(cast(ExchangeClient, client), spool, registry, streams, f"spot-0/1:{number}")
    chance = Random(f"{exchange.chance.random()}")

    async def work() -> None:
        sessions = run_sessions(parts, lambda: Log(kafka, process, chance, number=number), asyncio.Event())
        await until_one_ends(sessions, beside=[streams.run_for_ever(), registry.run()])

    process.run(work())
    return process, spool
