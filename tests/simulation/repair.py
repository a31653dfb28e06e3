"""The repair process: the real ladder and work list, between a simulated exchange and simulated stores."""

import asyncio
from contextlib import aclosing
from random import Random
from typing import cast

from tests.simulation.exchange import Client, Exchange, NoArchive
from tests.simulation.kafka import Kafka
from tests.simulation.process import Process
from wickstream.bus import topics
from wickstream.bus.codec import decode, encode
from wickstream.bus.producer import Record
from wickstream.candle import Candle, supersedes
from wickstream.errors import ExchangeError
from wickstream.events import Gap
from wickstream.exchange.recovery.ladder import Ladder, Step
from wickstream.exchange.rest.archive import Archive
from wickstream.exchange.rest.client import ExchangeClient
from wickstream.operate.mender import in_order, revised
from wickstream.operate.worklist import Worklist

LOOK_EVERY_S = 3.0


class Stores:
    """What survives: the archive of trades, and the ledger as PostgreSQL would show it, a little late."""

    def __init__(self, kafka: Kafka) -> None:
        self.archived: set[tuple[str, int]] = set()
        self._kafka = kafka

    def gaps(self) -> list[Gap]:
        """The newest entry of each key."""
        found: dict[object, Gap] = {}
        for written in self._kafka.of(topics.FEED_GAPS):
            gap = decode(written.record.value, Gap)
            key = (
                (gap.symbol, gap.first_trade_id) if gap.first_trade_id is not None else (gap.symbol, "", gap.open_time)
            )
            found[key] = gap
        return list(found.values())

    def candles(self) -> dict[tuple[str, int], Candle]:
        """Of each minute the version that is kept."""
        found: dict[tuple[str, int], Candle] = {}
        for written in self._kafka.of(topics.PROCESSED_AGGS):
            candle = decode(written.record.value, Candle)
            known = found.get((candle.symbol, candle.open_time))
            if known is None or supersedes(candle, known):
                found[candle.symbol, candle.open_time] = candle
        return found


class Repairer:
    """One run of the process."""

    def __init__(self, exchange: Exchange, kafka: Kafka, stores: Stores, process: Process, chance: Random) -> None:
        self._kafka, self._stores, self._process, self._chance = kafka, stores, process, chance
        client = cast(ExchangeClient, Client(exchange, process))
        self._ladder = Ladder(client, cast(Archive, NoArchive()))
        self._worklist = Worklist()
        self._loop = asyncio.get_running_loop()

    async def run(self) -> None:
        while True:
            await self._process.step()
            entries = [gap for gap in self._stores.gaps() if gap.first_trade_id is not None]
            self._worklist.refresh(entries, now_s=self._loop.time())
            gap = self._worklist.next(now_s=self._loop.time())
            if gap is None:
                await asyncio.sleep(LOOK_EVERY_S)
            else:
                await self._repair(gap)

    async def _repair(self, gap: Gap) -> None:
        try:
            async with aclosing(self._ladder.climb(gap)) as steps:
                async for step in steps:
                    await self._apply(gap.symbol, step)
        except ExchangeError:
            self._worklist.postpone(gap, now_s=self._loop.time(), is_trouble=True)
        else:
            self._worklist.postpone(gap, now_s=self._loop.time(), is_trouble=False)

    async def _apply(self, symbol: str, step: Step) -> None:
        """In the order of `Mender.apply`; it may die between any two of them."""
        for arrival in step.trades:
            self._stores.archived.add((symbol, arrival.trade_id))
        await self._process.step()
        stored = self._stores.candles()
        for candle in step.candles:
            new = revised(candle, stored.get((symbol, candle.open_time)))
            if new is not None:
                await self._write(Record(topics.PROCESSED_AGGS, symbol, encode(new)))
        entries = in_order(step)
        for gap in entries:
            await self._write(Record(topics.FEED_GAPS, symbol, encode(gap)))
        self._worklist.published(entries, now_s=self._loop.time())

    async def _write(self, record: Record) -> None:
        await self._process.step()
        self._kafka.write([record], self._loop.time())


def start_repair(exchange: Exchange, kafka: Kafka, stores: Stores, *, number: int, dies_at_step: int | None) -> Process:
    """A process that runs from here on."""
    process = Process(f"repair {number}", dies_at_step=dies_at_step)
    repairer = Repairer(exchange, kafka, stores, process, Random(f"{exchange.chance.random()}"))
    process.run(repairer.run())
    return process
