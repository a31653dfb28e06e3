"""What the live lane announces in Redis, for whoever of a worker wants it now."""

import asyncio
from collections.abc import Callable

from redis.exceptions import RedisError

from wickstream.config import Settings
from wickstream.store.hot.hour import open_async_client

HEARD_S = 1.0  # so often it is asked whether anybody wants more


async def hear(
    settings: Settings,
    *channels: str,
    wanted: asyncio.Event,
    is_wanted: Callable[[], bool],
    take: Callable[[bytes], None],
    on_trouble: Callable[[RedisError], None],
    pause_s: float,
) -> None:
    """Until cancelled: each message while it `is_wanted`, from when `wanted` is set; Redis may go and come back.

    `pause_s`: after trouble, which `on_trouble` is told of.
    """
    client = open_async_client(settings)
    try:
        while True:
            await wanted.wait()
            try:
                async with client.pubsub(ignore_subscribe_messages=True) as pubsub:
                    await pubsub.subscribe(*channels)
                    while is_wanted():
                        message = await pubsub.get_message(timeout=HEARD_S)
                        if message:
                            take(message["data"])
            except RedisError as exc:
                on_trouble(exc)
                await asyncio.sleep(pause_s)
    finally:
        await client.aclose()
