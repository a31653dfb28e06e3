"""Our archive of trades, one question at a time."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import polars as pl

from wickstream.config import Settings
from wickstream.operate.backfill.asking import patiently
from wickstream.store.cold.trades import TradesArchive

Answer = TypeVar("Answer")


class Archived:
    """For one loop; the table is not for two threads at once. Every method may raise StoreBusy."""

    def __init__(self, settings: Settings) -> None:
        self._table = TradesArchive(settings)
        self._turn = asyncio.Lock()

    async def has(self, symbol: str, first_id: int, last_id: int) -> bool:
        """Whether each of these ids is there."""
        if last_id < first_id:
            return True
        return await self._ask(lambda: self._table.ranges(symbol, first_id, last_id)) == [(first_id, last_id)]

    async def add(self, symbol: str, trades: pl.DataFrame) -> int:
        """Store those that are not there; returns how many those were."""
        return await self._ask(lambda: self._table.add_frame(symbol, trades))

    async def _ask(self, question: Callable[[], Answer]) -> Answer:
        async def ask() -> Answer:
            async with self._turn:
                return await asyncio.to_thread(question)

        return await patiently(ask)
