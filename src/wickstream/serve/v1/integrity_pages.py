"""Which hours of which symbols are counted for one answer. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from wickstream.candle import window_start
from wickstream.errors import TooMuch
from wickstream.events import DAY_MS, MINUTE_MS
from wickstream.store.warm.integrity import HourCount

SETTLED_AFTER_MS = 30_000  # a minute that ended just now is not missing yet
MOST_DAYS = 31
HOUR_MS = 60 * MINUTE_MS


class Span(NamedTuple):
    """Minutes by their open time (ms), both ends inclusive; empty where the first lies behind the last."""

    first_ms: int
    last_ms: int

    @property
    def last_hour(self) -> int:
        """Open time (ms) of the last hour that has some of it."""
        return window_start(self.last_ms, "1h")

    @property
    def hours(self) -> int:
        """How many hours have some of it."""
        return max(0, (self.last_hour - window_start(self.first_ms, "1h")) // HOUR_MS + 1)


class Place(NamedTuple):
    """A row's, in the order of the answer."""

    symbol: str
    hour: int


BEGIN = Place("", 0)


def settled_ms(now_ms: int) -> int:
    """Open time of the newest minute that had its time to be closed."""
    return window_start(now_ms - SETTLED_AFTER_MS, "1m") - MINUTE_MS


def span_of(start: int | None, end: int | None, newest_ms: int) -> Span:
    """The minutes of the range that are settled; without `start` 24 hours, without `end` as far as there is something.

    Raises:
        TooMuch: If it is more than 31 days.
    """
    until = newest_ms if end is None else window_start(end, "1m")
    first_ms = max(0, until - DAY_MS + MINUTE_MS) if start is None else -(-start // MINUTE_MS) * MINUTE_MS
    span = Span(first_ms, min(until, newest_ms))
    if span.last_ms - span.first_ms >= MOST_DAYS * DAY_MS:
        raise TooMuch(f"the range has more than {MOST_DAYS} days; ask for a part of it at a time")
    return span


def names_of_page(names: Sequence[str], behind: Place, span: Span, limit: int) -> Sequence[str]:
    """As many of the names, in order, as can be needed for so many rows and one more."""
    left = [name for name in names if name >= behind.symbol]
    return left[: limit // max(1, span.hours) + 2]


def page_of(
    rows: Sequence[HourCount], names: Sequence[str], counted: Sequence[str], behind: Place, span: Span, limit: int
) -> tuple[Sequence[HourCount], Place | None]:
    """Of what was counted the rows of one answer, and where the next one goes on; None: that is all.

    `rows` are those of `counted`, which is what `names_of_page` gave: the page may be short, and there be more.
    """
    left = [row for row in rows if (row.symbol, row.open_time) > behind]
    page = left[:limit]
    if len(left) > limit:
        return page, Place(page[-1].symbol, page[-1].open_time)
    if counted and counted[-1] != names[-1]:
        return page, Place(counted[-1], span.last_hour)
    return page, None
