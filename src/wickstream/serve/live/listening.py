"""What brings records to a worker: one Kafka consumer in a thread, and Redis' announcements while klines are wanted."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import structlog

from wickstream.config import Settings
from wickstream.serve.announced import hear
from wickstream.serve.live.feed import Record
from wickstream.serve.live.live import Live
from wickstream.store.lane.live import CANDLES_CHANNEL

MOST_IN_HAND = 4  # batches the loop has not taken yet; then the thread waits, and Kafka keeps the rest
PAUSE_S = 0.5

log = structlog.get_logger(__name__)


@asynccontextmanager
async def listening(settings: Settings, live: Live) -> AsyncIterator[None]:
    """Until the end of the block; servers may come up later, or go and come back."""
    stop = threading.Event()
    announcements = asyncio.create_task(_hear(settings, live))
    reading = asyncio.create_task(asyncio.to_thread(_read, settings.kafka, live, asyncio.get_running_loop(), stop))
    try:
        yield
    finally:
        stop.set()
        announcements.cancel()
        await asyncio.gather(announcements, reading, return_exceptions=True)


def _read(kafka: str, live: Live, loop: asyncio.AbstractEventLoop, stop: threading.Event) -> None:
    """In a thread: a consumer's library is not loaded before the API serves."""
    from wickstream.serve.live.records import follow

    in_hand = threading.Semaphore(MOST_IN_HAND)

    def take(records: Sequence[Record]) -> None:
        in_hand.release()
        live.feed.take(records)

    def hand_over(records: Sequence[Record]) -> None:
        in_hand.acquire()
        if not stop.is_set():
            loop.call_soon_threadsafe(take, records)

    follow(kafka, hand_over, stop)


async def _hear(settings: Settings, live: Live) -> None:
    """Forming candles, as the live lane announces them, while somebody wants them."""
    await hear(
        settings,
        CANDLES_CHANNEL,
        wanted=live.candles.are_wanted,
        is_wanted=live.candles.are_wanted.is_set,
        take=live.feed.hear,
        on_trouble=lambda exc: log.warning("forming candles are not heard", error=str(exc)),
        pause_s=PAUSE_S,
    )
