"""Asking again, a few times, what is not answered now."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from wickstream.errors import FeedLost, MalformedFrame, RateLimited, StoreBusy

log = structlog.get_logger(__name__)

PAUSES_S = (0.5, 2.0, 8.0)  # before the second question, the third and the last

Answer = TypeVar("Answer")


async def patiently(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """The answer; where the exchange asks for silence, after as long as it asks for.

    Raises:
        FeedLost, MalformedFrame, StoreBusy: If it failed that often.
        Refused, Corrupted: At once: asking again would not help.
    """
    pauses_s = iter(PAUSES_S)
    while True:
        try:
            return await ask()
        except RateLimited as exc:
            log.warning("the exchange asks for silence", retry_after_s=exc.retry_after_s)
            await asyncio.sleep(exc.retry_after_s)
        except (FeedLost, MalformedFrame, StoreBusy) as exc:
            pause_s = next(pauses_s, None)
            if pause_s is None:
                raise
            log.info("asked again", reason=str(exc), in_s=pause_s)
            await asyncio.sleep(pause_s)
