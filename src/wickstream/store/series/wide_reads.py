"""Wide answers for a process that serves many at once: one at a time, in a thread."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.store.hot.hour import NOTHING, HotHour
from wickstream.store.series.plan import Question

if TYPE_CHECKING:
    from wickstream.store.series.ranges import RangeReader
    from wickstream.store.series.stitching import Found

MOST_WAITING = 8  # who comes later would wait for long: a wide answer takes up to seconds


class WideReader:
    """What reads columns is imported by the first question: most processes are never asked one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = asyncio.Lock()
        self._waiting = 0
        self._ranges: RangeReader | None = None

    async def find(
        self,
        question: Question,
        *,
        hour: HotHour | None,
        forming: Candle | None,
        now_ms: int | None,
        ahead_ms: int = 0,
    ) -> "Found":
        """As `wide.find_wide`; all of it as clocks show it that are ahead of UTC by `ahead_ms`.

        Raises:
            StoreBusy: If no tier answers, or too many are asking.
            TooMuch: See there.
        """
        return await self._in_turn(lambda: self._find(question, hour, forming, now_ms, ahead_ms))

    async def find_as_known_at(self, question: Question, known_at_ms: int) -> "Found":
        """What was known at that moment, of closed minutes.

        Raises:
            StoreBusy: If a tier that is needed does not answer, or too many are asking.
            TooMuch: As `find`.
            Unknowable: If it cannot be told.
        """
        return await self._in_turn(lambda: self._find_as_known(question, known_at_ms))

    async def _in_turn(self, find: Callable[[], "Found"]) -> "Found":
        if self._waiting >= MOST_WAITING:
            raise StoreBusy(f"{MOST_WAITING} answers of many minutes are waited for", retry_after_s=5)
        self._waiting += 1
        try:
            async with self._lock:
                return await asyncio.to_thread(find)
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        """Let go of the connections, after what is being read."""
        async with self._lock:
            if self._ranges is not None:
                await asyncio.to_thread(self._ranges.close)

    def _find(
        self, question: Question, hour: HotHour | None, forming: Candle | None, now_ms: int | None, ahead_ms: int
    ) -> "Found":
        from wickstream.store.series.wide import find_wide
        from wickstream.store.series.zones import ZonedMinutes

        minutes = ZonedMinutes(self._opened(), ahead_ms) if ahead_ms else self._opened()
        return find_wide(question, minutes, hour=hour, forming=forming, now_ms=now_ms)

    def _find_as_known(self, question: Question, known_at_ms: int) -> "Found":
        from wickstream.store.series.wide import AsKnown, find_wide

        reader = AsKnown(self._opened(), known_at_ms)
        return find_wide(question, reader, hour=NOTHING, forming=None, now_ms=known_at_ms)

    def _opened(self) -> "RangeReader":
        if self._ranges is None:
            from wickstream.store.series.ranges import RangeReader

            self._ranges = RangeReader(self._settings)
        return self._ranges
