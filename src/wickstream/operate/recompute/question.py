"""What the one-shot job is asked, what it answers, and which parts of Kafka may hold it. Pure."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from wickstream.candle import Candle
from wickstream.exchange.recovery.mending import Span, missing
from wickstream.store.ledger.cases import Case

FARTHEST_MS = 2**53
NEAR_MS = 60_000  # windows closer than this are read as one
MOST_WINDOWS = 20  # each is a scan of its own


class Question(msgspec.Struct, frozen=True):
    """Minutes to be made again, all in one run."""

    cases: tuple[Case, ...]


class Answer(msgspec.Struct, frozen=True):
    """What was found of one case.

    Attributes:
        number: of the case in its question.
        candles: of all its minutes that have trades or a mark; closed only where the mark proves it.
        lacking: ids, first and last, that are neither in Kafka nor in the archive; not asked where it is closed.
    """

    number: int
    candles: tuple[Candle, ...]
    lacking: tuple[tuple[int, int], ...]


class Window(NamedTuple):
    """From when to when records were written: ms, by producers' clocks."""

    from_ms: int
    until_ms: int


def windows(cases: Iterable[Case]) -> list[Window]:
    """Few windows that hold all records of these cases, in order of time and apart from each other."""
    found: list[Window] = []
    for window in sorted(_window_of(case) for case in cases):
        if found and window.from_ms - found[-1].until_ms <= NEAR_MS:
            found[-1] = Window(found[-1].from_ms, max(found[-1].until_ms, window.until_ms))
        else:
            found.append(window)
    while len(found) > MOST_WINDOWS:
        nearest = min(range(1, len(found)), key=lambda i: found[i].from_ms - found[i - 1].until_ms)
        found[nearest - 1 : nearest + 1] = [Window(found[nearest - 1].from_ms, found[nearest].until_ms)]
    return found


def _window_of(case: Case) -> Window:
    until_ms = FARTHEST_MS if case.until_ms is None else case.until_ms
    return Window(min(case.from_ms, until_ms), until_ms)


def lacking(case: Case, runs: Sequence[Span]) -> tuple[tuple[int, int], ...]:
    """The case's ids that are in none of the runs, which ascend."""
    if case.last_id < case.first_id:
        return ()
    return tuple(missing(runs, Span(case.first_id, case.last_id)))
