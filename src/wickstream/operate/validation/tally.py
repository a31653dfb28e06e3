"""Faults counted, and the first of them kept."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from wickstream.operate.validation.evidence import Fault, Verdict

SHOWN = 20  # of the faults of one check


@dataclass
class Tally:
    """Of one check, over all symbols."""

    judged: int = 0
    found: int = 0
    faults: list[Fault] = field(default_factory=list)

    def count(self, faults: Iterable[Fault], *, judged: int) -> None:
        """Take in what was found among so many rows."""
        self.judged += judged
        for fault in faults:
            self.found += 1
            if len(self.faults) < SHOWN:
                self.faults.append(fault)

    def verdict(self, check: str, remark: str) -> Verdict:
        """What it comes to."""
        return Verdict(
            check=check,
            passed=not self.found,
            judged=self.judged,
            found=self.found,
            faults=tuple(self.faults),
            remark=remark,
        )
