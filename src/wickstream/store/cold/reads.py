"""Reads of the cold tier, for a process that serves many at once."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.store.series.held import Held
from wickstream.store.series.plan import Plan
from wickstream.store.series.slow_reads import SlowReads

if TYPE_CHECKING:
    from wickstream.store.cold.candles import ColdCandles

SPAN_HOLDS_S = 10.0

Result = TypeVar("Result")


class ColdReader:
    """One read at a time, in a thread. Every read raises StoreBusy if the lake cannot be read.

    The table's library is imported by the first of them: most questions never reach this far back.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._slow_reads = SlowReads("reads of the lake")
        self._span = Held(SPAN_HOLDS_S, lambda: self._in_thread(lambda table: table.span()))

    async def candles(self, symbol: str, wanted: Plan) -> list[Candle]:
        """1-minute candles in order of time."""
        span = await self.span()
        if span is None or span[0] > wanted.last_ms or span[1] < wanted.first_ms:
            return []
        return await self._in_thread(
            lambda table: table.read(
                symbol, wanted.first_ms, wanted.last_ms, limit=wanted.minutes, backward=wanted.backward
            )
        )

    async def span(self) -> tuple[int, int] | None:
        """Oldest and newest open time (ms) of all symbols, a few seconds old; None if nothing is stored."""
        return await self._span.get()

    async def _in_thread(self, read: Callable[["ColdCandles"], Result]) -> Result:
        return await self._slow_reads.after_all(lambda: read(self._table))

    @cached_property
    def _table(self) -> "ColdCandles":
        from wickstream.store.cold.candles import ColdCandles

        return ColdCandles(self._settings)
