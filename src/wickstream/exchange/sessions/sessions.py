"""One session after the other: crash, upgrade and producer error go the same way."""

import asyncio
import random
from collections.abc import Callable
from typing import Protocol

import structlog

from wickstream.bus.producer import ProducerBroken
from wickstream.errors import ExchangeError, Fenced, StoreBusy
from wickstream.exchange.sessions.ending import until_one_ends
from wickstream.exchange.sessions.parts import Log, Parts
from wickstream.exchange.sessions.session import Session

log = structlog.get_logger()

RETRY_S = 2.0
TWIN_S = (1.0, 2.0)  # so long after it fenced us a twin has said so


class WatchedLog(Log, Protocol):
    """As `KafkaLog` has it."""

    took_over: bool  # it is our place, but for a twin

    async def has_twin(self) -> bool:
        """Whether another connector has taken our place since we took it."""


async def run_sessions(parts: Parts, open_log: Callable[[], WatchedLog], stop: asyncio.Event) -> None:
    """Until told to stop.

    Raises:
        Fenced: If another connector took over.
    """
    while not stop.is_set():
        bus = open_log()
        try:
            await Session(parts, bus).run(stop)
        except ProducerBroken as exc:
            log.warning("starting over", reason=str(exc), fenced=exc.fenced)
            await until_one_ends(stop.wait(), _pause(bus, fenced=exc.fenced))
        except (StoreBusy, ExchangeError) as exc:
            log.warning("cannot start yet", reason=str(exc), retry_in_s=RETRY_S)
            await until_one_ends(stop.wait(), asyncio.sleep(RETRY_S))


async def _pause(bus: WatchedLog, *, fenced: bool) -> None:
    """Before the next session: what ended the last one may have been a twin, whatever we noticed first.

    A twin and our own transaction timeout look alike, and who slept finds its messages too old; only a twin says that
    it took over.

    Raises:
        Fenced: If it was a twin.
    """
    await asyncio.sleep(random.uniform(*TWIN_S) if fenced else RETRY_S)  # noqa: S311 (jitter)
    if (fenced or bus.took_over) and await _has_twin(bus):
        raise Fenced("another connector took over; this one stays down")


async def _has_twin(bus: WatchedLog) -> bool:
    while True:
        try:
            return await bus.has_twin()
        except StoreBusy as busy:
            log.warning("cannot tell a twin yet", reason=str(busy), retry_in_s=RETRY_S)
            await asyncio.sleep(RETRY_S)
