"""Ids that are missing, and the room for what waits behind them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from wickstream.events import Gap, GapStatus


@dataclass
class HoldingRoom:
    """How much may be held back behind holes, over all symbols."""

    limit_bytes: int
    used_bytes: int = 0
    holes: set[str] = field(default_factory=set)  # symbols that have one


@dataclass(frozen=True)
class Hole:
    """Ids that exist and are not here: `first` to `last`, both included."""

    symbol: str
    first: int
    last: int
    known_at_s: float  # process clock
    bounded_at_s: float | None  # since when a trade is here that is higher than all of them; None: only the ticker is
    last_known_at_s: float = 0.0  # since when its last id is known: none of them is of a later time

    @property
    def size(self) -> int:
        """How many ids are missing."""
        return self.last - self.first + 1


def open_entry(hole: Hole, detected_at_ms: int, evidence: str) -> Gap:
    """For the ledger: these ids are missing."""
    return Gap(
        symbol=hole.symbol,
        first_trade_id=hole.first,
        last_trade_id=hole.last,
        open_time=None,
        detected_at=detected_at_ms,
        status=GapStatus.OPEN,
        evidence=evidence,
    )


def without(hole: Hole, listed: Iterable[Gap]) -> Iterator[Hole]:
    """What of it no entry lists; they come in the order of their ids."""
    first = hole.first
    for gap in listed:
        if gap.ids.stop <= first or gap.ids.start > hole.last:
            continue
        if gap.ids.start > first:
            yield replace(hole, first=first, last=gap.ids.start - 1)
        first = gap.ids.stop
    if first <= hole.last:
        yield replace(hole, first=first)
