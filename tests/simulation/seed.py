"""One seed: a market, a connector that dies and is started again, a repair process that does too, and the judge."""

import asyncio
import random
from dataclasses import dataclass
from random import Random

import structlog

from tests.simulation.connector import start_connector
from tests.simulation.exchange import Exchange
from tests.simulation.judge import violations
from tests.simulation.kafka import Kafka
from tests.simulation.market import make_market
from tests.simulation.process import Process
from tests.simulation.repair import Stores, start_repair
from tests.simulation.virtual_loop import VirtualLoop
from wickstream.bus import topics
from wickstream.errors import Fenced

TROUBLED_S = 240.0
CALM_S = 200.0  # everything is repaired by then
SYMBOLS = ("AAAUSDT", "BBBUSDT")


@dataclass
class Outcome:
    """What one seed came to."""

    seed: int
    violations: list[str]
    trades: int = 0
    marks: int = 0
    kills: int = 0
    fenced: int = 0
    breaks: int = 0
    repaired: int = 0


def run_seed(seed: int) -> Outcome:
    """The same seed, the same outcome."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    random.seed(seed)  # jitter
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(_World(seed).run())
    finally:
        loop.run_until_complete(_cancel_all())
        loop.close()


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class _World:
    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._chance = chance = Random(seed)
        ends_s = TROUBLED_S + CALM_S
        markets = {symbol: make_market(symbol, chance, troubled_s=TROUBLED_S, until_s=ends_s) for symbol in SYMBOLS}
        self._exchange = Exchange(
            markets, chance, has_database=chance.random() < 0.9, weight_share=chance.choice((4_200, 4_200, 4_200, 20))
        )
        if chance.random() < 0.15:
            from_s = chance.uniform(5, 120)
            self._exchange.away = (from_s, from_s + chance.uniform(10, 100))
        self._exchange.slow_clock = chance.choice((0.0, 0.0, 0.0, 0.1))
        self._exchange.symbols_change = chance.random() < 0.2
        outages = []
        if chance.random() < 0.3:
            from_s = chance.uniform(30, TROUBLED_S - 60)
            outages.append((from_s, from_s + chance.choice((0.5, 4, 20, 60))))
        self._kafka = Kafka(outages)
        if chance.random() < 0.2:
            self._kafka.commits_s = (0.03, 0.3, 2.5)
        self._stores = Stores(self._kafka)
        self._connectors: list[Process] = []
        self._repairs: list[Process] = []
        self.kills = 0

    async def run(self) -> Outcome:
        nemesis = asyncio.ensure_future(self._trouble())
        await asyncio.sleep(TROUBLED_S + CALM_S)
        nemesis.cancel()
        failures = [repr(failure) for process in self._connectors + self._repairs if (failure := process.failure())]
        found = violations(self._kafka, self._stores, self._exchange.markets, ends_s=TROUBLED_S + CALM_S)
        return Outcome(
            self._seed,
            [f"a process failed: {failure}" for failure in failures] + found,
            trades=len(self._kafka.of(topics.RAW_TRADES)),
            marks=len(self._kafka.of(topics.MINUTE_MARKS)),
            kills=self.kills,
            fenced=sum(isinstance(process.ended_by, Fenced) for process in self._connectors),
            breaks=sum(written.record.value.count(b"left to repair") for written in self._kafka.of(topics.FEED_GAPS)),
            repaired=len(self._stores.archived),
        )

    async def _trouble(self) -> None:
        repairing = asyncio.ensure_future(self._keep_repairing())
        self._start_connector(self._chance.choice((None, None, self._chance.randint(1, 400))))
        loop = asyncio.get_running_loop()
        while loop.time() < TROUBLED_S:
            current = self._connectors[-1]
            quiet_s = min(self._chance.uniform(10, 90), TROUBLED_S - loop.time())
            await asyncio.wait((asyncio.ensure_future(current.died()),), timeout=quiet_s)
            if loop.time() >= TROUBLED_S:
                break
            await self._strike(current)
        self._exchange.rest_errors = 0.0
        self._exchange.has_database = True
        self._exchange.slow_clock = 0.0
        self._exchange.symbols_change = False
        self._exchange.weight_share = 4_200
        self._kafka.is_calm = True
        self._repairs[-1].kill()  # the next one asks at once for what this one had given up for a while
        await asyncio.gather(repairing, self._end_with_one())

    async def _strike(self, current: Process) -> None:
        chance = self._chance
        self.kills += 1
        kind = chance.choice(("kill", "kill", "zombie", "upgrade", "step"))
        dies_at_step = chance.randint(1, 400) if kind == "step" or chance.random() < 0.3 else None
        if current.is_dead or kind in {"kill", "step"}:
            current.kill()
            await asyncio.sleep(chance.choice((0.1, 0.8, 5, 40)))
            self._start_connector(dies_at_step)
        elif kind == "upgrade":
            self._start_connector(dies_at_step)
        else:
            current.stop()
            await asyncio.sleep(chance.uniform(0.5, 5))
            self._start_connector(dies_at_step)
            asyncio.get_running_loop().call_later(chance.uniform(1, 30), current.go_on)

    def _start_connector(self, dies_at_step: int | None) -> None:
        process, _spool = start_connector(
            self._exchange,
            self._kafka,
            number=len(self._connectors),
            dies_at_step=dies_at_step,
            until_s=TROUBLED_S + CALM_S,
        )
        self._connectors.append(process)

    async def _end_with_one(self) -> None:
        """A supervisor starts what died, not what stays down for a twin."""
        while True:
            if all(process.is_dead for process in self._connectors):
                self._start_connector(None)
            await asyncio.sleep(5)

    async def _keep_repairing(self) -> None:
        while True:
            is_calm = asyncio.get_running_loop().time() > TROUBLED_S
            dies_at_step = None if is_calm or self._chance.random() < 0.4 else self._chance.randint(1, 150)
            process = start_repair(
                self._exchange, self._kafka, self._stores, number=len(self._repairs), dies_at_step=dies_at_step
            )
            self._repairs.append(process)
            await process.died()
            await asyncio.sleep(2)
