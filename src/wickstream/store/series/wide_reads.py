"""Wide answers for a process that serves many at once: one at a time, in a thread."""

from typing import TYPE_CHECKING

from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.store.hot.hour import NOTHING, HotHour
from wickstream.store.series.plan import Question
from wickstream.store.series.slow_reads import SlowReads

if TYPE_CHECKING:
    from wickstream.store.series.ranges import RangeReader
    from wickstream.store.series.stitching import Found


class WideReader:
    """What reads columns is imported by the first question: most processes are never asked one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._slow_reads = SlowReads("answers of many minutes")
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
        return await self._slow_reads.take(lambda: self._find(question, hour, forming, now_ms, ahead_ms))

    async def find_as_known_at(self, question: Question, known_at_ms: int) -> "Found":
        """What was known at that moment, of closed minutes.

        Raises:
            StoreBusy: If a tier that is needed does not answer, or too many are asking.
            TooMuch: As `find`.
            Unknowable: If it cannot be told.
        """
        return await self._slow_reads.take(lambda: self._find_as_known(question, known_at_ms))

    async def close(self) -> None:
        """Let go of the connections, after what is being read."""
        await self._slow_reads.after_all(self._let_go)

    def _let_go(self) -> None:
        if self._ranges is not None:
            self._ranges.close()

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
