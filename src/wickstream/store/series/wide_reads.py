"""Wide answers for a process that serves many at once: one at a time, in a thread."""

import asyncio
from typing import TYPE_CHECKING

from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.store.hot.hour import HotHour
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
        self, question: Question, *, hour: HotHour | None, forming: Candle | None, now_ms: int | None
    ) -> "Found":
        """As `wide.find_wide`.

        Raises:
            StoreBusy: If no tier answers, or too many are asking.
            TooMuch: See there.
        """
        if self._waiting >= MOST_WAITING:
            raise StoreBusy(f"{MOST_WAITING} answers of many minutes are waited for", retry_after_s=5)
        self._waiting += 1
        try:
            async with self._lock:
                return await asyncio.to_thread(self._find, question, hour, forming, now_ms)
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        """Let go of the connections, after what is being read."""
        async with self._lock:
            if self._ranges is not None:
                await asyncio.to_thread(self._ranges.close)

    def _find(self, question: Question, hour: HotHour | None, forming: Candle | None, now_ms: int | None) -> "Found":
        from wickstream.store.series.wide import find_wide

        return find_wide(question, self._opened(), hour=hour, forming=forming, now_ms=now_ms)

    def _opened(self) -> "RangeReader":
        if self._ranges is None:
            from wickstream.store.series.ranges import RangeReader

            self._ranges = RangeReader(self._settings)
        return self._ranges
