"""Which findings to recompute now, and when again. Pure: the clock is an argument."""

import math
from collections.abc import Iterable, Sequence

from wickstream.operate.recompute.judge import awaits_ids
from wickstream.operate.worklist import PAUSES_S
from wickstream.store.ledger.cases import Case, Finding

LADDER_S = 30.0  # what the ladder is at is looked at again so much later
REMEMBERED_S = 3_600.0  # how long after its pause a finding that is not met again keeps its number of attempts


class Backlog:
    """Remembers what was tried in vain; what is settled and found again begins anew."""

    def __init__(self, *, asks_again: bool = True) -> None:
        """`asks_again`: False for a single pass."""
        self._asks_again = asks_again
        self._tried: dict[Finding, tuple[int, float]] = {}  # how often, and when again

    def waiting(self, *, now_s: float) -> list[Finding]:
        """What need not be looked at now."""
        self._tried = {of: tried for of, tried in self._tried.items() if now_s - tried[1] < REMEMBERED_S}
        return [finding for finding, (_, again_s) in self._tried.items() if again_s > now_s]

    def due(self, cases: Iterable[Case], *, now_s: float) -> list[Case]:
        """Of what is found besides, what is worth a run now."""
        due: list[Case] = []
        for case in cases:
            if awaits_ids(case):
                self._tried[case.finding] = (self._attempts(case), self._later(now_s, LADDER_S))
            else:
                due.append(case)
        return due

    def tried(self, cases: Sequence[Case], *, now_s: float) -> None:
        """They were recomputed; those that are still found after a pause are again, each time after a longer one."""
        for case in cases:
            attempts = self._attempts(case) + 1
            pause_s = PAUSES_S[min(attempts, len(PAUSES_S)) - 1]
            self._tried[case.finding] = (attempts, self._later(now_s, pause_s))

    def _attempts(self, case: Case) -> int:
        return self._tried.get(case.finding, (0, 0.0))[0]

    def _later(self, now_s: float, pause_s: float) -> float:
        return now_s + pause_s if self._asks_again else math.inf
