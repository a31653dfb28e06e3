"""Records of a database, written and read as the product does, minute by minute from midnight."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import TypeVar

from tests.candles import MIDNIGHT_MS
from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.events import MINUTE_MS, Gap, GapStatus
from wickstream.store.series.router import Router
from wickstream.store.warm.database import connect
from wickstream.store.warm.gaps import upsert_gaps
from wickstream.store.warm.records import RecordsReader
from wickstream.store.warm.writer import WarmWriter

Result = TypeVar("Result")


def at(number: int) -> int:
    """The open time (ms) of a minute."""
    return MIDNIGHT_MS + number * MINUTE_MS


def read(database: Settings, question: Callable[[RecordsReader], Awaitable[Result]]) -> Result:
    """What the reader answers."""

    async def ask() -> Result:
        async with Router(database) as router:
            return await question(router.records)

    return asyncio.run(ask())


def store(database: Settings, *candles: Candle) -> None:
    with closing(WarmWriter(database)) as writer:
        writer.write(candles)


def note(database: Settings, *gaps: Gap) -> None:
    with connect(database) as conn:
        upsert_gaps(conn, gaps)


def a_halt(symbol: str, number: int) -> Gap:
    """Of one minute."""
    return Gap(symbol, None, None, at(number), at(number), GapStatus.HALTED)
