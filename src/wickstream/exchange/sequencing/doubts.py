"""Ids that the exchange seems not to have. Rule 7: its klines have the last word."""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from wickstream.events import Gap, GapStatus


@dataclass
class Doubt:
    """Ids that the exchange seems not to have, and the minutes they may be of."""

    gap: Gap
    undecided: set[int]
    reaches_on: bool = True  # no later trade has shown yet which minute is the last one
    is_lost: bool = False  # one of its minutes cannot be proven

    def decide(self, open_time: int) -> bool:
        """One minute holds all the exchange counts; tell whether it was the last one needed."""
        self.undecided.discard(open_time)
        return not (self.undecided or self.reaches_on or self.is_lost)

    def dispelled(self, evidence: str) -> Gap:
        """The entry that calls them absent."""
        proof = f"{self.gap.evidence}; {evidence}"
        return msgspec.structs.replace(self.gap, status=GapStatus.ABSENT, evidence=proof)


def hide_price(doubts: Iterable[Doubt]) -> bool:
    """Whether ids among them are simply missing: the last price before a quiet minute may be one of theirs."""
    return any(doubt.is_lost for doubt in doubts)
