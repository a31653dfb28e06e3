"""Which minutes the tiers hold already: what is there is not fetched again."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import polars as pl

from wickstream.binance.archive import DAY_MS
from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.operate.backfill.wanted import Minutes
from wickstream.store.cold.bulk import LakeReader
from wickstream.store.series.frames import SCHEMA, candles_of, stitch
from wickstream.store.warm.bulk import BulkReader

_TIMES = pl.Schema({name: SCHEMA[name] for name in ("open_time", "closed")})


@dataclass(frozen=True)
class Stored:
    """What is known of some minutes.

    Attributes:
        candles: the closed ones, by open time.
        minutes: open times of all that anything is known of: closed or not, or a halt.
    """

    candles: Mapping[int, Candle]
    minutes: Collection[int]


class Held:
    """Reads of PostgreSQL and the lake; safe for several threads. Every method may raise StoreBusy."""

    def __init__(self, settings: Settings) -> None:
        self._warm = BulkReader(settings)
        self._cold = LakeReader(settings)

    def close(self) -> None:
        """Let go of the connections."""
        self._warm.close()

    def settled(self, symbol: str, minutes: Minutes) -> Counter[int]:
        """How many minutes of each day (its start, ms) are closed or halts; days without any are not named."""
        parts = [tier.candles(symbol, *minutes, _TIMES).filter("closed") for tier in (self._warm, self._cold)]
        closed = pl.concat(parts)["open_time"].to_list()
        times = set(closed) | set(self._warm.halts(symbol, *minutes))
        return Counter(open_time // DAY_MS * DAY_MS for open_time in times)

    def stored(self, symbol: str, minutes: Minutes) -> Stored:
        """What there is of these."""
        candles = candles_of(stitch([tier.candles(symbol, *minutes, SCHEMA) for tier in (self._warm, self._cold)]))
        return Stored(
            {candle.open_time: candle for candle in candles if candle.closed},
            {candle.open_time for candle in candles} | self._warm.halts(symbol, *minutes),
        )
