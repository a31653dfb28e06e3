"""Which symbols this connector follows, as the topic `symbol_events` says; shard 0 is the one who writes it there."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from confluent_kafka import Message

from wickstream.bus import topics
from wickstream.bus.follower import Follower
from wickstream.config import Settings
from wickstream.errors import ExchangeError, RateLimited, StoreBusy
from wickstream.events import SymbolEvent
from wickstream.exchange.rest.client import ExchangeClient
from wickstream.exchange.symbols.chooser import Chooser
from wickstream.exchange.symbols.market import Market
from wickstream.exchange.symbols.symbols import Table, read_event

log = structlog.get_logger()

RETRY_S = 2.0
RETRY_CAP_S = 15.0

Step = Callable[[], Awaitable[Any]]


@dataclass(frozen=True)
class Pace:
    """Seconds between two looks."""

    topic_s: float = 0.2
    statuses_s: float = 20.0  # more than once inside each minute: a quiet one needs a poll inside it
    market_s: float = 600.0  # all of it, where rules choose from it or a symbol is missed
    volumes_s: float = 3_600.0


class Registry:
    """`open` once, then `run` beside whatever follows the symbols.

    Attributes:
        mine: the chosen symbols of this connector.
        changed: set whenever `mine` is another; to be cleared by whoever waits for it.
        on_poll: called with statuses and the exchange's time (ms) at which they were so, a few times a minute.
    """

    def __init__(self, settings: Settings, client: ExchangeClient, pace: Pace = Pace()) -> None:
        self.mine: frozenset[str] = frozenset()
        self.changed = asyncio.Event()
        self.on_poll: Callable[[Mapping[str, str], int], None] | None = None
        self._settings = settings
        self._pace = pace
        self._market = Market(client)
        self._table = Table()
        self._chooser = Chooser(settings, self._market, self._table) if settings.shard[0] == 0 else None
        self._follower: Follower | None = None

    @property
    def statuses(self) -> Mapping[str, str]:
        """The exchange's newest word on each chosen symbol of any connector."""
        known = self._table.statuses() | self._market.statuses
        return {symbol: known[symbol] for symbol in self._table.followed()}

    @property
    def listings(self) -> Mapping[str, int]:
        """Symbols that we saw appear, with the exchange's time (ms) of it: their first id proves itself."""
        return self._table.listings()

    async def open(self) -> None:
        """Read what was decided; decide what was not. Waits for Kafka, the exchange and shard 0 as long as it takes.

        Raises:
            Mistake: If, on the very first start, a symbol is unknown to the exchange.
        """
        await _until_done(self._catch_up)
        if self._chooser is not None:
            await _until_done(self._chooser.begin)
        while self._chooser is None and not self._table.exchange:
            log.info("waiting for shard 0 to choose symbols", retry_in_s=RETRY_S)
            await asyncio.sleep(RETRY_S)
            self._take_news()
        self._derive()

    async def run(self) -> None:
        """Follow the topic and the exchange until cancelled; what fails is logged and tried again."""
        steps = [(self._pace.topic_s, self._follow), (self._pace.statuses_s, self._poll)]
        if self._chooser is not None:
            steps += [(0.0, self._answer_operator), (self._pace.market_s, self._look_around)]
        try:
            async with asyncio.TaskGroup() as tasks:
                for pause_s, step in steps:
                    tasks.create_task(_every(pause_s, step))
        finally:
            await self._close()

    async def _catch_up(self) -> None:
        follower = await asyncio.to_thread(Follower.open, self._settings.kafka, topics.SYMBOL_EVENTS)
        try:
            for event in events_in(await asyncio.to_thread(follower.catch_up)):
                self._table.take(event)
        except StoreBusy:
            await asyncio.to_thread(follower.close)
            raise
        self._follower = follower

    async def _close(self) -> None:
        if self._follower is not None:
            follower, self._follower = self._follower, None
            await asyncio.to_thread(follower.close)

    async def _follow(self) -> None:
        if self._take_news():
            self._derive()

    def _take_news(self) -> bool:
        news = events_in(self._follower.news() if self._follower else ())
        for event in news:
            if self._chooser is None:
                self._table.take(event)
            else:
                self._chooser.hear(event)
        return bool(news)

    def _derive(self) -> None:
        mine = self._table.followed(shard=self._settings.shard)
        if mine == self.mine:
            return
        log.info("symbols", added=_some(mine - self.mine), removed=_some(self.mine - mine), count=len(mine))
        self.mine = mine
        self.changed.set()

    async def _poll(self) -> None:
        wanted = self._chooser.concerned if self._chooser else self.mine
        found = await self._market.look_at(wanted)
        if self.on_poll is not None:
            self.on_poll(found, await self._market.as_of_ms())
        await self._settle()

    async def _look_around(self) -> None:
        if self._chooser is not None:
            await self._chooser.look_around(market_s=self._pace.market_s, volumes_s=self._pace.volumes_s)
            self._derive()

    async def _answer_operator(self) -> None:
        if self._chooser is not None:
            await self._chooser.is_asked.wait()
            await self._settle()

    async def _settle(self) -> None:
        if self._chooser is not None:
            await self._chooser.settle()
            self._derive()


def read_table(bootstrap_servers: str) -> Table:
    """What is known of all symbols now; blocks.

    Raises:
        StoreBusy: If Kafka cannot be read now.
    """
    table = Table()
    follower = Follower.open(bootstrap_servers, topics.SYMBOL_EVENTS)
    try:
        for event in events_in(follower.catch_up()):
            table.take(event)
    finally:
        follower.close()
    return table


def events_in(messages: Iterable[Message]) -> list[SymbolEvent]:
    """What they say, oldest first."""
    read = (read_event(message.key(), message.value()) for message in messages)
    return [event for event in read if event is not None]


def _some(symbols: Collection[str]) -> list[str]:
    """For the log, which needs not name five hundred."""
    return sorted(symbols)[:20]


async def _until_done(step: Step) -> None:
    retry_in_s = RETRY_S
    while True:
        try:
            await step()
        except (ExchangeError, StoreBusy) as exc:
            log.warning("cannot choose symbols yet", reason=str(exc), retry_in_s=retry_in_s)
            await asyncio.sleep(retry_in_s)
            retry_in_s = min(2 * retry_in_s, RETRY_CAP_S)
        else:
            return


async def _every(pause_s: float, step: Step) -> None:
    while True:
        try:
            await step()
        except RateLimited as exc:
            log.warning("the exchange asks for silence", retry_after_s=exc.retry_after_s)
            await asyncio.sleep(exc.retry_after_s)
        except (ExchangeError, StoreBusy) as exc:
            log.warning("symbols not checked", reason=str(exc), retry_in_s=RETRY_S)
            await asyncio.sleep(RETRY_S)
        else:
            await asyncio.sleep(pause_s)
