"""An exchange that lists what a test tells it to, and connectors' registries beside it on a real broker."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import msgspec
from aiohttp import web
from confluent_kafka.admin import AdminClient

from tests.conftest import IsolatedSettings
from tests.running import wait_until
from tests.unit.exchange.scripted_exchange import ScriptedExchange, scripted
from wickstream.bus import topics
from wickstream.bus.codec import decode
from wickstream.bus.follower import Follower
from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.events import SymbolEvent
from wickstream.exchange.rest.client import ExchangeClient
from wickstream.exchange.symbols.registry import Pace, Registry, read_table

PACE = Pace(topic_s=0.02, statuses_s=0.1, market_s=0.3, volumes_s=0.3)
NOW_MS = 1_723_161_600_000
LISTED = ("BTCUSDT", "ETHUSDT", "BNBUSDT", "ETHBTCX")


class Lists:
    """An exchange of a few symbols; `statuses` and `volumes` may change at any time."""

    def __init__(self, exchange: ScriptedExchange, statuses: dict[str, str]) -> None:
        self.statuses = statuses
        self.volumes: dict[str, str] = {}
        self.asked = exchange.asked
        exchange.answers["/api/v3/exchangeInfo"] = self._info
        exchange.answers["/api/v3/ticker/24hr"] = self._tickers
        exchange.always("/api/v3/time", {"serverTime": NOW_MS})

    @property
    def looks_at_all(self) -> int:
        """How often all symbols were asked for."""
        return sum(path.endswith("/exchangeInfo") and "symbols" not in query for path, query in self.asked)

    def _info(self, request: web.Request) -> web.Response:
        named = request.query.get("symbols")
        names = list(self.statuses) if named is None else msgspec.json.decode(named, type=list[str])
        if not set(names) <= self.statuses.keys():
            return web.json_response({"code": -1121, "msg": "Invalid symbol."}, status=400)
        rows = [
            {"symbol": name, "status": self.statuses[name], "baseAsset": name[:-4], "quoteAsset": name[-4:]}
            for name in names
        ]
        return web.json_response({"serverTime": NOW_MS, "rateLimits": [], "symbols": rows})

    def _tickers(self, _: web.Request) -> web.Response:
        rows = [
            {
                "symbol": name,
                "lastId": 1,
                "closeTime": NOW_MS,
                "lastPrice": "1",
                "quoteVolume": self.volumes.get(name, "0"),
            }
            for name in self.statuses
        ]
        return web.json_response(rows)


def empty_events(kafka: str) -> None:
    """Leave nothing in `symbol_events`."""
    admin = AdminClient({"bootstrap.servers": kafka, "log_level": 0})
    if topics.SYMBOL_EVENTS in admin.list_topics(timeout=10).topics:
        admin.delete_topics([topics.SYMBOL_EVENTS])[topics.SYMBOL_EVENTS].result()
        wait_until(lambda: topics.SYMBOL_EVENTS not in admin.list_topics(timeout=10).topics)
    topics.create_topics(kafka)
    wait_until(lambda: can_be_read(kafka))


def can_be_read(kafka: str) -> bool:
    """Whether the topic, just made, is served yet."""
    try:
        follower = Follower.open(kafka, topics.SYMBOL_EVENTS)
        follower.catch_up()
    except StoreBusy:
        return False
    follower.close()
    return True


def written(kafka: str) -> list[SymbolEvent]:
    """All of the topic, oldest first."""
    follower = Follower.open(kafka, topics.SYMBOL_EVENTS)
    events = [decode(message.value(), SymbolEvent) for message in follower.catch_up()]
    follower.close()
    return events


async def eventually(condition: Callable[[], bool]) -> None:
    """Poll until it holds."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 (what is waited for is a fact, not an event)
            await asyncio.sleep(0.01)


@dataclass
class Stage:
    """An exchange, a broker, and registries as if each were in a connector of its own."""

    kafka: str
    market: Lists
    client: ExchangeClient
    url: str

    def settings(self, words: str = "BTCUSDT", *, shard: str = "0/1") -> Settings:
        """Those of a connector, or of the operator's terminal."""
        return IsolatedSettings(
            kafka_bootstrap_servers=self.kafka,
            exchange_rest_url=self.url,
            ticker_symbols=tuple(words.split(",")),
            connector_shard=shard,
        )

    def registry(self, words: str, *, shard: str = "0/1") -> Registry:
        """Neither opened nor running."""
        return Registry(self.settings(words, shard=shard), self.client, PACE)

    async def said_of(self, symbol: str) -> None:
        """Wait until shard 0 has said something of a symbol."""
        async with asyncio.timeout(10):
            while symbol not in (await asyncio.to_thread(read_table, self.kafka)).exchange:
                pass

    @asynccontextmanager
    async def running(self, words: str, *, shard: str = "0/1") -> AsyncIterator[Registry]:
        """Opened, and following until the end of the context."""
        registry = self.registry(words, shard=shard)
        await registry.open()
        following = asyncio.create_task(registry.run())
        try:
            yield registry
        finally:
            following.cancel()
            await asyncio.wait((following,))


def play(kafka: str, scene: Callable[[Stage], Awaitable[None]]) -> None:
    """Run a scene; all symbols of `LISTED` trade at its beginning."""

    async def run() -> None:
        async with scripted() as (exchange, client):
            market = Lists(exchange, dict.fromkeys(LISTED, "TRADING"))
            await scene(Stage(kafka, market, client, exchange.url))

    asyncio.run(run())
