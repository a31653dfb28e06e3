"""A range of any length as one series of columns, out of the tiers that keep it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TypeVar

import polars as pl

from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.events import MINUTE_MS
from wickstream.store.cold.bulk import LakeReader
from wickstream.store.series.frames import SCHEMA, roll_up, stitch
from wickstream.store.series.plan import whole_windows
from wickstream.store.warm.bulk import BulkReader

Result = TypeVar("Result")


@dataclass(frozen=True)
class Range:
    """Closed candles of one symbol in order of time, and how far they can be trusted.

    Attributes:
        frame: with the columns of `Candle`.
        missing: minutes between its first and last that have no closed candle and are not known to be halts.
        tiers: those that gave some of it.
        away: those that were asked, and did not answer.
    """

    frame: pl.DataFrame
    missing: int
    tiers: tuple[str, ...]
    away: tuple[str, ...]


class RangeReader:
    """Warm first, and cold for what warm does not hold: what is older, and what lies between."""

    def __init__(self, settings: Settings) -> None:
        self._warm = BulkReader(settings)
        self._cold = LakeReader(settings)

    def close(self) -> None:
        """Let go of the connections."""
        self._warm.close()

    def symbols(self) -> list[str]:
        """Those of which a tier that answers has a candle.

        Raises:
            StoreBusy: If no tier answers; names them.
        """
        warm, no_warm = _attempt(self._warm.symbols)
        cold, no_cold = _attempt(self._cold.symbols)
        if warm is None and cold is None:
            raise StoreBusy(f"{no_warm}; {no_cold}")
        return sorted({*(warm or ()), *(cold or ())})

    def read(self, symbol: str, interval: str, start: int | None, end: int | None) -> Range:
        """The closed candles with `start <= open_time <= end`; None: as far as there are any.

        Raises:
            StoreBusy: If no tier answers; names them.
        """
        first_ms, last_ms = whole_windows(start, end, interval)
        warm, no_warm = _attempt(lambda: self._warm.candles(symbol, first_ms, last_ms, SCHEMA))
        halts, _ = _attempt(lambda: self._warm.halts(symbol, first_ms, last_ms))
        parts, no_cold = {} if warm is None else {"warm": warm.filter("closed")}, None
        span = lacking(_settled(parts, halts), first_ms, last_ms)
        if span is not None:
            cold, no_cold = _attempt(lambda: self._cold.candles(symbol, *span, SCHEMA))
            parts |= {} if cold is None else {"cold": cold.filter("closed")}
        if not parts:
            raise StoreBusy(f"{no_warm}; {no_cold}")
        away = {"warm": no_warm, "cold": no_cold}
        return _range(parts, interval, halts or frozenset(), tuple(tier for tier, trouble in away.items() if trouble))


def _attempt(read: Callable[[], Result]) -> tuple[Result | None, StoreBusy | None]:
    try:
        return read(), None
    except StoreBusy as exc:
        return None, exc


def _settled(parts: Mapping[str, pl.DataFrame], halts: Collection[int] | None) -> pl.Series:
    """Open times of the minutes that need nothing more, in order."""
    known = [part["open_time"] for part in parts.values()] + [pl.Series(sorted(halts or ()), dtype=pl.Int64)]
    return pl.concat(known).unique().sort()


def lacking(settled: pl.Series, first_ms: int, last_ms: int) -> tuple[int, int] | None:
    """First and last whole minute of the range (ms) that is not among these, which lie in it; None: all are."""
    wanted = (last_ms - first_ms) // MINUTE_MS + 1
    places = (settled - first_ms) // MINUTE_MS
    at_start, at_end = _in_a_row(places), _in_a_row(wanted - 1 - places.reverse())
    return None if at_start == wanted else (first_ms + at_start * MINUTE_MS, last_ms - at_end * MINUTE_MS)


def _in_a_row(places: pl.Series) -> int:
    """How many of them are 0, 1, 2 …, from the first on."""
    is_so = places == pl.int_range(places.len(), eager=True)
    return places.len() if is_so.all() else is_so.cast(pl.Int8).arg_min() or 0


def _range(parts: Mapping[str, pl.DataFrame], interval: str, halts: Collection[int], away: tuple[str, ...]) -> Range:
    minutes = stitch(list(parts.values()))
    return Range(
        frame=roll_up(minutes, interval, halts=halts).filter("closed"),
        missing=_missing(minutes["open_time"], _settled({"all": minutes}, halts)),
        tiers=tuple(tier for tier, part in parts.items() if not part.is_empty()),
        away=away,
    )


def _missing(held: pl.Series, settled: pl.Series) -> int:
    """Of the minutes from the first to the last that is held."""
    if held.is_empty():
        return 0
    spanned = (held[-1] - held[0]) // MINUTE_MS + 1
    return int(spanned - settled.is_between(held[0], held[-1]).sum())
