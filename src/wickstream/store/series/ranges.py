"""A range of any length as one series of columns, out of the tiers that keep it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TypeVar

import polars as pl

from wickstream.candle import window_start
from wickstream.config import Settings
from wickstream.errors import StoreBusy, Unknowable
from wickstream.events import MINUTE_MS
from wickstream.store.cold.bulk import LakeReader
from wickstream.store.series.frames import SCHEMA, roll_up, stitch
from wickstream.store.series.plan import FAR_MS, whole_windows
from wickstream.store.warm.bulk import BulkReader

Result = TypeVar("Result")

_SETTLED = pl.Schema({"open_time": pl.Int64(), "closed": pl.Boolean()})


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


@dataclass(frozen=True)
class Stored:
    """1-minute candles by tier, closed or not, not yet stitched.

    Attributes:
        halts: open times of minutes without trading.
        trouble: why a tier that was asked did not answer.
    """

    parts: Mapping[str, pl.DataFrame]
    halts: frozenset[int]
    trouble: Mapping[str, StoreBusy]


@dataclass(frozen=True)
class Span:
    """Open times (ms) between which all lies that is stored of a symbol, as far as tiers answered; None: nothing."""

    bounds: tuple[int, int] | None
    trouble: Mapping[str, StoreBusy]


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
        found = self.stored(symbol, *whole_windows(start, end, interval))
        closed = {tier: part.filter("closed") for tier, part in found.parts.items()}
        if not found.parts:
            raise busy(found.trouble)
        return _range(closed, interval, found.halts, tuple(found.trouble))

    def read_as_known_at(
        self, symbol: str, interval: str, start: int | None, end: int | None, *, known_at_ms: int
    ) -> Range:
        """As `read`, of what was known at that moment, by the publishers' clock.

        Raises:
            StoreBusy: If a tier that is needed does not answer; what it holds must not pass for unknown.
            Unknowable: If a minute of the range cannot be told.
        """
        first_ms, last_ms = whole_windows(start, end, interval)
        last_ms = min(last_ms, window_start(known_at_ms, "1m"))  # of a minute to come nobody knew anything
        found = self.stored_as_known_at(symbol, first_ms, last_ms, known_at_ms=known_at_ms)
        return _range(found.parts, interval, found.halts, ())

    def stored(self, symbol: str, first_ms: int, last_ms: int, *, until_ms: int = FAR_MS) -> Stored:
        """Minutes of the range; those that open after `until_ms` are not looked for in cold."""
        warm, no_warm = _attempt(lambda: self._warm.candles(symbol, first_ms, last_ms, SCHEMA))
        halts, _ = _attempt(lambda: self._warm.halts(symbol, first_ms, last_ms))
        parts, no_cold = {} if warm is None else {"warm": warm}, None
        span = lacking(settled(parts, halts), first_ms, min(last_ms, until_ms))
        if span is not None:
            cold, no_cold = _attempt(lambda: self._cold.candles(symbol, *span, SCHEMA))
            parts |= {} if cold is None else {"cold": cold}
        return Stored(parts, halts or frozenset(), _troubles(warm=no_warm, cold=no_cold))

    def stored_as_known_at(self, symbol: str, first_ms: int, last_ms: int, *, known_at_ms: int) -> Stored:
        """The closed minutes of the range, each as it was known at that moment.

        PostgreSQL has what became known of its minutes. Of others the lake has what was known last: if that was
        published by then it was known then too, else nobody can tell any more what was.

        Raises:
            StoreBusy: If a tier that is needed does not answer; what it holds must not pass for unknown.
            Unknowable: If a minute cannot be told.
        """
        known = self._warm.candles_as_known_at(symbol, first_ms, last_ms, SCHEMA, known_at_ms=known_at_ms)
        halts = self._warm.halts_known_at(symbol, first_ms, last_ms, known_at_ms=known_at_ms)
        told = self._warm.candles(
            symbol, first_ms, last_ms, pl.Schema({"open_time": pl.Int64(), "closed": pl.Boolean()})
        )
        parts = {"warm": known}
        span = lacking(settled({"known": known, "told": told}, halts), first_ms, last_ms)
        if span is not None:
            others = self._cold.candles(symbol, *span, SCHEMA).join(told.filter("closed"), on="open_time", how="anti")
            parts["cold"] = _published_by(known_at_ms, others)
        return Stored(parts, halts, {})

    def span(self, symbol: str) -> Span:
        """From where to where there may be candles."""
        warm, no_warm = _attempt(lambda: self._warm.span(symbol))
        cold, no_cold = _attempt(self._cold.span)
        known = [span for span in (warm, cold) if span]
        bounds = (min(span[0] for span in known), max(span[1] for span in known)) if known else None
        return Span(bounds, _troubles(warm=no_warm, cold=no_cold))


def _attempt(read: Callable[[], Result]) -> tuple[Result | None, StoreBusy | None]:
    try:
        return read(), None
    except StoreBusy as exc:
        return None, exc


def _published_by(known_at_ms: int, last_known: pl.DataFrame) -> pl.DataFrame:
    later = last_known.filter(pl.col("published_at") > known_at_ms)
    if not later.is_empty():
        minute_ms, known_ms = later["open_time"].to_list()[0], max(later["published_at"].to_list())
        raise Unknowable(
            f"PostgreSQL no longer keeps what was known at {known_at_ms} of the minutes from {minute_ms} on, and what "
            f"the lake holds was published after that, until {known_ms}; ask as_known_at={known_ms} or later, or a "
            "range that PostgreSQL keeps"
        )
    return last_known


def _troubles(**of: StoreBusy | None) -> dict[str, StoreBusy]:
    return {tier: trouble for tier, trouble in of.items() if trouble}


def busy(troubles: Mapping[str, StoreBusy]) -> StoreBusy:
    """All of them as one."""
    return StoreBusy("; ".join(map(str, troubles.values())))


def settled(parts: Mapping[str, pl.DataFrame], halts: Collection[int] | None) -> pl.Series:
    """Open times of the minutes that need nothing more, in order."""
    closed = [part.filter("closed")["open_time"] for part in parts.values()]
    return pl.concat([*closed, pl.Series(sorted(halts or ()), dtype=pl.Int64)]).unique().sort()


def lacking(known: pl.Series, first_ms: int, last_ms: int) -> tuple[int, int] | None:
    """First and last whole minute of the range (ms) that is not among these, from its first on; None: all are."""
    wanted = max(0, (last_ms - first_ms) // MINUTE_MS + 1)
    places = (known.filter(known <= last_ms) - first_ms) // MINUTE_MS
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
        missing=_missing(minutes["open_time"], settled({"all": minutes}, halts)),
        tiers=tuple(tier for tier, part in parts.items() if not part.is_empty()),
        away=away,
    )


def _missing(held: pl.Series, known: pl.Series) -> int:
    """Of the minutes from the first to the last that is held."""
    if held.is_empty():
        return 0
    spanned = (held[-1] - held[0]) // MINUTE_MS + 1
    return int(spanned - known.is_between(held[0], held[-1]).sum())
