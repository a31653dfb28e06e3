"""Buys and sells, counted in the archive of single trades."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.errors import TooMuch
from wickstream.store.series.side_counts import Sides, by_window, proven_sides, width_of
from wickstream.store.series.slow_reads import SlowReads
from wickstream.store.series.stitching import attempt

if TYPE_CHECKING:
    from wickstream.store.cold.trades import TradesArchive

MOST_TRADES = 20_000_000  # of one answer, which take seconds


@dataclass(frozen=True)
class Counted:
    """Of each candle its trades by side; None where the archive does not hold exactly those that it was made of.

    Attributes:
        tiers: those that gave some of it.
        away: those that were needed and did not answer.
    """

    sides: Sequence[Sides | None]
    tiers: tuple[str, ...] = ()
    away: tuple[str, ...] = ()


class CountReader:
    """What reads the archive is imported by the first question."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._slow_reads = SlowReads("answers that count trades")

    async def read(self, candles: Sequence[Candle]) -> Counted:
        """Of candles of one symbol and interval, in order of time.

        Raises:
            StoreBusy: If too many are asking.
            TooMuch: If these are more trades than are counted for one answer.
        """
        traded = [candle for candle in candles if candle.trade_count]
        if not traded:
            return Counted(proven_sides(candles, {}))
        if sum(candle.trade_count for candle in traded) > MOST_TRADES:
            raise TooMuch(
                f"these are more than {MOST_TRADES:,} trades to count; ask for fewer windows, or shorter ones"
            )
        found, trouble = await attempt(self._slow_reads.take(lambda: self._count(traded)))
        sides = proven_sides(candles, found or {})
        tiers = ("cold",) if any(one and sum(one) for one in sides) else ()
        return Counted(sides, tiers, away=("cold",) if trouble else ())

    def _count(self, candles: Sequence[Candle]) -> Mapping[int, Sides]:
        first, last = candles[0], candles[-1]
        counted = self._archive.counts(
            first.symbol, first.open_time, last.close_time, width_ms=width_of(first.interval)
        )
        return by_window(counted, first.interval)

    @cached_property
    def _archive(self) -> "TradesArchive":
        from wickstream.store.cold.trades import TradesArchive

        return TradesArchive(self._settings)
