"""PROCESS: finds again what the ledger calls missing, and makes minutes again that do not close.

Behind live traffic: with half of the connector's weight, and Spark only while there is something to recompute.
"""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import structlog

from wickstream.bus.consumer import require_topics
from wickstream.bus.topics import FEED_GAPS, PROCESSED_AGGS
from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.exchange.recovery.ladder import Ladder
from wickstream.exchange.rest.archive import Archive
from wickstream.exchange.rest.client import ExchangeClient
from wickstream.metrics import REST_LIMIT, REST_WEIGHT, serve_metrics
from wickstream.operate.mender import Mender
from wickstream.operate.recompute.backlog import Backlog
from wickstream.operate.recompute.turns import Range, Recomputed, Recomputing
from wickstream.operate.repairs import Mended, Repairs
from wickstream.operate.worklist import Worklist
from wickstream.store.ledger.reader import LedgerReader
from wickstream.store.retries import pause_s

log = structlog.get_logger(__name__)

SHARE = 0.35  # of the address's weight: half of what the connector may take
LOOK_EVERY_S = 3.0
TOPICS = (PROCESSED_AGGS, FEED_GAPS)

Tell = Callable[[Mended | Recomputed], None]


def run(settings: Settings) -> None:
    """Repair until SIGTERM or SIGINT. Servers and the exchange may come up after this process, or go and come back."""
    asyncio.run(_until_told(settings))


async def _until_told(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    port = settings.port("repair")
    await watch(settings, stop=stop, on_ready=lambda: serve_metrics(settings.listen_host, port, "repair"))


async def watch(settings: Settings, *, stop: asyncio.Event, on_ready: Callable[[], None]) -> None:
    """As `run`, until `stop` is set; `on_ready` is called once, when the ledger was read, or another reads it."""
    async with _at_work(settings, Worklist(), Backlog(), _log) as (repairs, recomputing):
        work = asyncio.create_task(_watch(settings, repairs, recomputing, on_ready))
        stopped = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait((work, stopped), return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
            work.cancel()  # anywhere: what was not told of is begun again
            (failure,) = await asyncio.gather(work, return_exceptions=True)
        if isinstance(failure, Exception):
            raise failure


async def once(settings: Settings, *, tell: Tell, wait: Callable[[], None]) -> None:
    """One pass: every open entry is asked for to its end, and every finding recomputed; `wait` is told if another
    process repairs.

    Raises:
        StoreBusy: If PostgreSQL, Kafka or the lake does not answer.
    """
    await asyncio.to_thread(require_topics, settings.kafka, TOPICS)
    worklist, backlog = Worklist(asks_again=False), Backlog(asks_again=False)
    async with _at_work(settings, worklist, backlog, tell) as (repairs, recomputing):
        await _until_done(repairs.turn, wait)
        await _until_done(lambda: recomputing.turn(is_patient=False), wait)
        await _until_done(repairs.turn, wait)  # what was found missing only now


async def _until_done(turn: Callable[[], Coroutine[Any, Any, bool | None]], wait: Callable[[], None]) -> None:
    while (did_something := await turn()) is not False:
        if did_something is None:
            wait()
            await asyncio.sleep(LOOK_EVERY_S)


async def over_range(settings: Settings, wanted: Range, *, tell: Tell, wait: Callable[[], None]) -> None:
    """Recompute a range, and ask for what turns out to be missing in it; as `once` otherwise.

    Raises:
        Mistake: If a symbol was never followed.
        StoreBusy: If PostgreSQL, Kafka or the lake does not answer.
    """
    await asyncio.to_thread(require_topics, settings.kafka, TOPICS)
    worklist = Worklist(asks_again=False, concerns=wanted.concerns)
    async with _at_work(settings, worklist, Backlog(asks_again=False), tell) as (repairs, recomputing):
        await _until_done(lambda: recomputing.over(wanted), wait)
        await _until_done(repairs.turn, wait)


@asynccontextmanager
async def _at_work(
    settings: Settings, worklist: Worklist, backlog: Backlog, tell: Tell
) -> AsyncIterator[tuple[Repairs, Recomputing]]:
    ledger = LedgerReader(settings)

    def measured(mended: Mended) -> None:
        REST_WEIGHT.set(client.budget.used(now_s=time.time()))
        REST_LIMIT.set(client.budget.limit)
        tell(mended)

    async with ExchangeClient(settings, share=SHARE) as client, Archive(settings) as archive:
        ladder = Ladder(client, archive, absence_is_provable=not settings.is_replay)
        mender = Mender(settings, ledger)
        try:
            yield (
                Repairs(ladder, ledger, mender, worklist, tell=measured),
                Recomputing(settings, client, ledger, mender, worklist, backlog, tell=tell),
            )
        finally:
            ledger.close()


async def _watch(settings: Settings, repairs: Repairs, recomputing: Recomputing, on_ready: Callable[[], None]) -> None:
    await _patiently(lambda: asyncio.to_thread(require_topics, settings.kafka, TOPICS))
    await _patiently(repairs.turn)
    on_ready()
    while True:
        turns = (await _patiently(repairs.turn), await _patiently(recomputing.turn))
        if not any(turns):
            await asyncio.sleep(LOOK_EVERY_S)


async def _patiently(action: Callable[[], Coroutine[Any, Any, bool | None]]) -> bool | None:
    """Repeat while a store is busy, for hours if need be."""
    attempt = 0
    while True:
        try:
            return await action()
        except StoreBusy as exc:
            attempt += 1
            if attempt & (attempt - 1) == 0:  # the first, second, fourth …
                log.warning("repair has to wait", attempt=attempt, error=str(exc))
            await asyncio.sleep(pause_s(attempt))


def _log(done: Mended | Recomputed) -> None:
    facts = {name: value for name, value in msgspec.structs.asdict(done).items() if value not in (None, {}, 0)}
    say = log.warning if done.trouble else log.info
    say("repaired" if isinstance(done, Mended) else "recomputed", **facts)
