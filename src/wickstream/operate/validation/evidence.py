"""What the checks look at, and what they find. Frozen records, no I/O."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from wickstream.candle import Candle
from wickstream.events import MINUTE_MS, Gap, GapStatus
from wickstream.store.lane.forming import LaneMinute

SETTLED_MS = 30_000  # so long after its end a minute may still be open (rule 8)


@dataclass(frozen=True)
class Span:
    """The minutes that are judged.

    Attributes:
        first_ms: open time of the first one.
        last_ms: open time of the last one whose candle is due by now.
        is_now: it ends with the present, so freshness can be judged.
    """

    first_ms: int
    last_ms: int
    is_now: bool

    @classmethod
    def until(cls, now_ms: int, *, start_ms: int, end_ms: int | None) -> "Span":
        """From `start_ms` to `end_ms`, both inclusive, as far as candles are due at the exchange's `now_ms`."""
        due_ms = (now_ms - SETTLED_MS) // MINUTE_MS * MINUTE_MS - MINUTE_MS
        last_ms = due_ms if end_ms is None else min(end_ms // MINUTE_MS * MINUTE_MS, due_ms)
        return cls(-(-start_ms // MINUTE_MS) * MINUTE_MS, last_ms, is_now=last_ms == due_ms)

    @property
    def minutes(self) -> range:
        """Their open times."""
        return range(self.first_ms, self.last_ms + 1, MINUTE_MS)


@dataclass(frozen=True)
class Evidence:
    """All that is stored of one symbol and concerns the span.

    Attributes:
        candles: closed and open ones, in order of time.
        gaps: entries of the ledger.
        starts: first trade ids of the times from which on it was followed; what lies before is not missing.
        first_closed_ms: open time of its first closed candle ever; None: there is none.
        lane: the last minutes that the live lane saw end.
        forming: the minute that it sees now.
    """

    symbol: str
    candles: Sequence[Candle] = ()
    gaps: Sequence[Gap] = ()
    starts: Sequence[int] = ()
    first_closed_ms: int | None = None
    lane: Sequence[LaneMinute] = ()
    forming: Candle | None = None

    @property
    def closed(self) -> Iterator[Candle]:
        """The candles that are kept for good."""
        return (candle for candle in self.candles if candle.closed)

    @property
    def halts(self) -> frozenset[int]:
        """Open times of the minutes in which it did not trade."""
        halted = (gap.open_time for gap in self.gaps if gap.status is GapStatus.HALTED)
        return frozenset(time for time in halted if time is not None)


class Fault(msgspec.Struct, frozen=True):
    """One row that is not as it should be; `open_time` (ms) is None where it is no candle."""

    symbol: str
    open_time: int | None
    what: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What one check found; of many faults only the first are kept."""

    check: str
    passed: bool
    judged: int  # rows
    found: int  # faults
    faults: tuple[Fault, ...]
    remark: str = ""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All checks of one run; its names are those of `--json`."""

    passed: bool
    source: str
    as_of: int | None  # ms, the exchange's now
    start: int  # ms, open times, both inclusive
    end: int
    symbols: tuple[str, ...]
    checks: tuple[Verdict, ...]
