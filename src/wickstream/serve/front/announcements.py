"""What the live lane announces, so that no kept answer is older: one listener of a worker, while answers are kept."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import msgspec
import structlog

from wickstream.config import Settings
from wickstream.serve.announced import hear
from wickstream.serve.front.hot_store import HotStore
from wickstream.store.lane.live import CANDLES_CHANNEL, TICKERS_CHANNEL

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
    def is_wanted() -> bool:
        is_used = store.clock() - store.used_s < UNUSED_S
        if not is_used:
            store.is_used.clear()
        return is_used

    def take(message: bytes) -> None:
        with suppress(msgspec.DecodeError):
            store.forget(_changed.decode(message).symbol)

    await hear(
        settings,
        CANDLES_CHANNEL,
        TICKERS_CHANNEL,
        wanted=store.is_used,
        is_wanted=is_wanted,
        take=take,
        on_trouble=lambda exc: log.debug("announcements are not heard", error=str(exc)),
        pause_s=PAUSE_S,
    )
