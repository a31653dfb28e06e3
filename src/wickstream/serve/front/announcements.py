"""What the live lane announces, so that no kept answer is older: one listener of a worker, while answers are kept."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import msgspec
import redis.asyncio.client
import structlog
from redis.exceptions import RedisError

from wickstream.config import Settings
from wickstream.serve.front.hot_store import HotStore
from wickstream.store.hot.hour import open_async_client
from wickstream.store.lane.live import CANDLES_CHANNEL, TICKERS_CHANNEL

HEARD_S = 1.0
PAUSE_S = 1.0
UNUSED_S = 10.0

log = structlog.get_logger(__name__)


class _Changed(msgspec.Struct):
    symbol: str


_changed = msgspec.json.Decoder(_Changed)


@asynccontextmanager
async def hearing(settings: Settings, store: HotStore) -> AsyncIterator[None]:
    """Until the end of the block. Without Redis kept answers only grow old."""
    task = asyncio.create_task(_hear(settings, store))
    try:
        yield
    finally:
        task.cancel()  # its connection is its own, and is closed
        await asyncio.wait({task})


async def _hear(settings: Settings, store: HotStore) -> None:
    client = open_async_client(settings)
    try:
        while True:
            await store.is_used.wait()
            try:
                await _hear_while_used(client.pubsub(ignore_subscribe_messages=True), store)
            except RedisError as exc:
                log.debug("announcements are not heard", error=str(exc))
                await asyncio.sleep(PAUSE_S)
    finally:
        await client.aclose()


async def _hear_while_used(pubsub: "redis.asyncio.client.PubSub", store: HotStore) -> None:
    async with pubsub:
        await pubsub.subscribe(CANDLES_CHANNEL, TICKERS_CHANNEL)
        while store.clock() - store.used_s < UNUSED_S:
            message = await pubsub.get_message(timeout=HEARD_S)
            if message:
                with suppress(msgspec.DecodeError):
                    store.forget(_changed.decode(message["data"]).symbol)
    store.is_used.clear()
