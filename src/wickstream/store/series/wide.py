"""Answers that are rolled up from many minutes: as `stitching` gives them, made of columns and a piece at a time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import polars as pl

from wickstream.candle import Candle, window_start
from wickstream.errors import StoreBusy, TooMuch
from wickstream.events import MINUTE_MS
from wickstream.store.hot.hour import HotHour
from wickstream.store.series.frames import SCHEMA, candles_of, frame_of, roll_up, stitch
from wickstream.store.series.plan import FAR_MS, HOT_IS_STALE_MS, Plan, Question, minutes_of, plan, whole_windows
from wickstream.store.series.ranges import RangeReader, Span, Stored, busy, settled
from wickstream.store.series.stitching import Found

PIECE_MINUTES = 131_072  # a quarter of a year: some 50 MB
MOST_MINUTES = 5_300_000  # ten years of a symbol, which take seconds


class Minutes(Protocol):
    """Where they are stored."""

    def stored(self, symbol: str, first_ms: int, last_ms: int, *, until_ms: int) -> Stored: ...

    def span(self, symbol: str) -> Span: ...


@dataclass(frozen=True)
class AsKnown:
    """Where minutes are stored, as of a moment."""

    reader: RangeReader
    known_at_ms: int

    def stored(self, symbol: str, first_ms: int, last_ms: int, *, until_ms: int) -> Stored:
        return self.reader.stored_as_known_at(symbol, first_ms, last_ms, known_at_ms=self.known_at_ms)

    def span(self, symbol: str) -> Span:
        """All there is; raises StoreBusy if a tier does not answer: what it holds must not pass for unknown."""
        span = self.reader.span(symbol)
        if span.trouble:
            raise busy(span.trouble)
        return span


@dataclass
class _Gathered:
    """What the pieces gave so far: the windows of each, and of all their minutes the times."""

    windows: list[pl.DataFrame] = field(default_factory=list)
    settled: list[pl.Series] = field(default_factory=list)
    times: dict[str, list[pl.Series]] = field(default_factory=dict)
    trouble: dict[str, StoreBusy] = field(default_factory=dict)
    newest_ms: int = 0  # as `latest_known`

    def count(self) -> int:
        return sum(windows.height for windows in self.windows)

    def is_enough(self, limit: int) -> bool:
        """Where a tier is away, what is forming does not tell whether the others hold any of it."""
        return self.count() >= limit and (self.is_anything_stored() or not self.trouble)

    def is_anything_stored(self) -> bool:
        """Whether there is more than what is forming."""
        return any(len(piece) for tier, pieces in self.times.items() if tier != "lane" for piece in pieces)

    def lack(self, first_ms: int, last_ms: int) -> bool:
        """Whether one of these minutes has neither a closed candle nor a halt."""
        wanted = max(0, (last_ms - first_ms) // MINUTE_MS + 1)
        return sum(int(times.is_between(first_ms, last_ms).sum()) for times in self.settled) < wanted


def find_wide(
    question: Question,
    minutes: Minutes,
    *,
    hour: HotHour | None,
    forming: Candle | None,
    now_ms: int | None,
    piece_minutes: int = PIECE_MINUTES,
) -> Found:
    """As `stitching.find`; blocks.

    Raises:
        StoreBusy: If no tier answers; names them.
        TooMuch: If the answer would have to be rolled up from more minutes than are read for one.
    """
    wanted = plan(question)
    hot = hour.between(wanted.first_ms, wanted.last_ms) if hour else ()
    live = {"hot": frame_of(list(hot)), "lane": frame_of([forming] if forming else ())}
    span = minutes.span(question.symbol)
    known = _bounds(span.bounds, live)
    gathered = _Gathered()
    for first_ms, last_ms in _pieces(question, wanted, known, piece_minutes):
        _gather(gathered, question, minutes, live, (first_ms, last_ms), now_ms)
        if gathered.is_enough(question.limit):
            break
    gathered.trouble |= span.trouble
    return _answer(question, wanted, gathered, now_ms, away=() if hour else ("hot",))


def _bounds(stored: tuple[int, int] | None, live: Mapping[str, pl.DataFrame]) -> tuple[int, int] | None:
    times = [time for part in live.values() for time in part["open_time"]] + list(stored or ())
    return (min(times), max(times)) if times else None


def _pieces(
    question: Question, wanted: Plan, known: tuple[int, int] | None, piece_minutes: int
) -> Iterator[tuple[int, int]]:
    """First and last minute of each: whole windows, those that count first first."""
    if known is None:
        return
    first_ms = max(wanted.first_ms, window_start(known[0], question.interval))
    last_ms = min(wanted.last_ms, whole_windows(known[1], known[1], question.interval)[1])
    _require_bounded(question, (last_ms - first_ms) // MINUTE_MS + 1)
    # The first is as large as what is asked for, if nothing lacks.
    width_ms = min(piece_minutes, wanted.minutes) * MINUTE_MS
    while first_ms <= last_ms:
        if wanted.backward:
            begin_ms = max(first_ms, window_start(max(0, last_ms - width_ms + MINUTE_MS), question.interval))
            yield begin_ms, last_ms
            last_ms = begin_ms - MINUTE_MS
        else:
            after_ms = window_start(first_ms + width_ms, question.interval)
            after_ms = after_ms if after_ms > first_ms else last_ms + MINUTE_MS
            yield first_ms, min(last_ms, after_ms - MINUTE_MS)
            first_ms = after_ms


def _require_bounded(question: Question, there_are: int) -> None:
    wide = minutes_of(question.interval)
    if min(there_are, question.limit * wide) > MOST_MINUTES:
        raise TooMuch(
            f"{question.limit:,} candles of {question.interval} are rolled up from more than {MOST_MINUTES:,} minutes; "
            f"ask for {MOST_MINUTES // wide:,} at a time"
        )


def _gather(
    gathered: _Gathered,
    question: Question,
    minutes: Minutes,
    live: Mapping[str, pl.DataFrame],
    piece: tuple[int, int],
    now_ms: int | None,
) -> None:
    stored = minutes.stored(question.symbol, *piece, until_ms=_until(now_ms))
    inside = pl.col("open_time").is_between(*piece)
    parts = {"hot": live["hot"].filter(inside), **stored.parts, "lane": live["lane"].filter(inside)}
    stitched = stitch(list(parts.values()))
    rolled = roll_up(stitched, question.interval, halts=stored.halts)
    gathered.windows.append(_wanted(question, rolled, now_ms))
    gathered.settled.append(settled({"all": stitched}, stored.halts))
    for tier, part in parts.items():
        gathered.times.setdefault(tier, []).append(part["open_time"])
    gathered.trouble |= stored.trouble
    newest = stitched.select(pl.when("closed").then(pl.col("close_time") + 1).otherwise("open_time").max()).item()
    gathered.newest_ms = max(gathered.newest_ms, newest or 0)


def _wanted(question: Question, rolled: pl.DataFrame, now_ms: int | None) -> pl.DataFrame:
    """As `plan.is_wanted`."""
    if not question.closed_only:
        return rolled
    goes_on = pl.col("close_time") >= now_ms if question.and_forming and now_ms is not None else pl.lit(value=False)
    return rolled.filter(pl.col("closed") | goes_on)


def _until(now_ms: int | None) -> int:
    """The last minute that is not left to those who have it first, as of `lacking`."""
    return FAR_MS if now_ms is None else window_start(now_ms, "1m") - HOT_IS_STALE_MS - MINUTE_MS


def _answer(
    question: Question, wanted: Plan, gathered: _Gathered, now_ms: int | None, *, away: tuple[str, ...]
) -> Found:
    parts = reversed(gathered.windows) if wanted.backward else gathered.windows
    rows = pl.concat([pl.DataFrame(schema=SCHEMA), *parts])
    rows = rows.tail(question.limit) if wanted.backward else rows.head(question.limit)
    first_ms, last_ms = _range(question, wanted, rows)
    if gathered.lack(first_ms if rows.height == question.limit else wanted.first_ms, min(last_ms, _until(now_ms))):
        away = (*away, *gathered.trouble)
    else:
        away = ()
    if gathered.trouble and away and not gathered.is_anything_stored():
        raise busy(gathered.trouble)
    ended_ms = window_start(now_ms or gathered.newest_ms, "1m") - MINUTE_MS
    is_whole = (
        bool(gathered.newest_ms or now_ms)
        and (not wanted.backward or bool(rows["closed"].any()))
        and not away
        and not gathered.lack(first_ms, min(last_ms, ended_ms))
    )
    return Found(candles_of(rows), is_whole, _tiers(rows, gathered.times), away)


def _range(question: Question, wanted: Plan, rows: pl.DataFrame) -> tuple[int, int]:
    """What the answer is about, as in `plan.is_complete`."""
    first_ms = rows["open_time"][0] if wanted.backward and not rows.is_empty() else wanted.first_ms
    is_cut = not wanted.backward and rows.height == question.limit
    return first_ms, rows["close_time"][-1] - MINUTE_MS + 1 if is_cut else wanted.last_ms


def _tiers(rows: pl.DataFrame, times: Mapping[str, Sequence[pl.Series]]) -> tuple[str, ...]:
    if rows.is_empty():
        return ()
    bounds = (rows["open_time"][0], rows["close_time"][-1])
    return tuple(tier for tier, pieces in times.items() if any(piece.is_between(*bounds).any() for piece in pieces))
