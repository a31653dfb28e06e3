"""A minute as it is counted, its mark while it waits, and the mark that goes out."""

from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import chain, pairwise

from wickstream.events import MINUTE_MS, Gap, GapStatus, Mark
from wickstream.exchange.sequencing.doubts import Doubt
from wickstream.exchange.sequencing.id_hash import hash_of_run


@dataclass
class Minute:
    """The running minute, as counted so far."""

    open_time: int
    end: int  # exclusive
    proven: bool  # we hold every trade from its first on
    doubts: list[Doubt]
    first: int = 0
    last: int = 0
    count: int = 0
    id_sum: int = 0
    run_first: int = 0  # of the run of consecutive ids that goes on
    earlier_runs: int = 0  # their hash

    def begin_run(self, trade_id: int) -> None:
        """The next trade to be counted does not follow on the last one."""
        if self.count:
            self.earlier_runs ^= hash_of_run(self.run_first, self.last)
        else:
            self.first = trade_id
        self.run_first = trade_id

    @property
    def id_hash(self) -> int:
        """Of the ids counted so far; 0 of none."""
        return self.earlier_runs ^ hash_of_run(self.run_first, self.last) if self.count else 0


@dataclass
class Pending:
    """A mark on its way out; marks leave in the order of their minutes."""

    mark: Mark
    undecided: bool  # quiet and nobody has said yet that the symbol was trading, or in doubt: its kline will tell
    doubts: list[Doubt] = field(default_factory=list)
    corrected: bool = False
    since_ms: int | None = None  # as of ProvenMark
    lacks_price: bool = False  # quiet, and the trade before it is not known: its kline tells
    klines_lacking: int = 0  # answers that had a later kline and none of this minute


@dataclass(frozen=True)
class ProvenMark:
    """A mark to publish."""

    mark: Mark
    corrected: bool  # the minute had been marked with fewer trades: should not happen
    since_ms: int  # by the clock of producers: trades from its `next_trade_id` on were published then or later


def looked_at_after(running: Minute, pending: Collection[Pending]) -> int | None:
    """The time after which all lies that these minutes can still tell, for a restart that knows only the next id.

    It takes the minute of that time for unproven, and those behind it for quiet until a trade comes: None where trades
    were counted, where ids are in doubt, or where a quiet minute waits with an unproven one behind it.
    """
    doubts = chain(running.doubts, *(waiting.doubts for waiting in pending))
    if not all(doubt.is_lost for doubt in doubts):
        return None
    if not running.proven:
        return None if pending else running.open_time
    open_times = [*(waiting.mark.open_time for waiting in pending), running.open_time]
    counted = running.count + sum(waiting.mark.trade_count for waiting in pending)
    if counted or any(later - earlier != MINUTE_MS for earlier, later in pairwise(open_times)):
        return None
    return open_times[0] - 1


def halt_of(mark: Mark) -> Gap:
    """What takes the place of a quiet mark; `detected_at` is filled in by who takes it, for here is no clock."""
    return Gap(
        symbol=mark.symbol,
        first_trade_id=None,
        last_trade_id=None,
        open_time=mark.open_time,
        detected_at=0,
        status=GapStatus.HALTED,
        evidence="the exchange has a later kline and none for this minute",
    )
