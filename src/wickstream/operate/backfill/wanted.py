"""What a backfill is asked for, day by day. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from wickstream.binance.archive import DAY_MS, day_of
from wickstream.events import MINUTE_MS


class What(StrEnum):
    """Which of the exchange's records."""

    KLINES = "klines"
    TRADES = "trades"
    BOTH = "both"

    @property
    def klines(self) -> bool:
        """Whether candles are asked for."""
        return self is not What.TRADES

    @property
    def trades(self) -> bool:
        """Whether trades are."""
        return self is not What.KLINES


class Minutes(NamedTuple):
    """Open times (ms) of whole minutes from `first` to `last`, both included; none if `last` lies before."""

    first: int
    last: int

    @property
    def size(self) -> int:
        """How many."""
        return max(0, (self.last - self.first) // MINUTE_MS + 1)

    def __contains__(self, open_time: object) -> bool:
        return isinstance(open_time, int) and self.first <= open_time <= self.last

    def all(self) -> range:
        """Each of them."""
        return range(self.first, self.last + 1, MINUTE_MS)

    def within(self, other: "Minutes") -> "Minutes":
        """Those that are in both."""
        return Minutes(max(self.first, other.first), min(self.last, other.last))


class Day(NamedTuple):
    """A day (UTC) of a symbol."""

    symbol: str
    starts_at: int  # ms

    @property
    def date(self) -> date:
        """As files are named by it."""
        return day_of(self.starts_at)

    @property
    def ends_at(self) -> int:
        """First ms after it."""
        return self.starts_at + DAY_MS

    def holds(self, time_ms: int) -> bool:
        """Tell whether a moment lies in it."""
        return self.starts_at <= time_ms < self.ends_at

    @property
    def minutes(self) -> Minutes:
        """All 1,440."""
        return Minutes(self.starts_at, self.ends_at - MINUTE_MS)


@dataclass(frozen=True)
class Wanted:
    """Minutes of symbols, and what of them; of trades whole days, also of those that a range only touches."""

    symbols: tuple[str, ...]
    minutes: Minutes
    what: What
    is_open: bool = False  # until now, whenever that is

    def days(self, *, now_ms: int) -> Iterator[Day]:
        """Those that have begun, in order of time."""
        last = min(self.minutes.last, now_ms)
        for starts_at in range(self.minutes.first // DAY_MS * DAY_MS, last + 1, DAY_MS):
            for symbol in self.symbols:
                yield Day(symbol, starts_at)

    def days_to_come(self, *, now_ms: int) -> int:
        """How many days of the range have not begun."""
        if self.is_open:
            return 0
        return max(0, self.minutes.last // DAY_MS - max(now_ms, self.minutes.first - DAY_MS) // DAY_MS)


def over(minutes: Minutes, *, now_ms: int) -> Minutes:
    """Those that have ended by then."""
    return Minutes(minutes.first, min(minutes.last, now_ms // MINUTE_MS * MINUTE_MS - MINUTE_MS))
