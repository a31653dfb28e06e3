"""Which findings to recompute now, and when again. Pure: the clock is an argument."""

from collections.abc import Iterable, Sequence

from wickstream.operate.recompute.judge import awaits_ids
from wickstream.operate.worklist import PAUSES_S
from wickstream.store.bookkeeping import Kind
from wickstream.store.cases import Case

Key = tuple[Kind, str, int]


class Backlog:
    """Remembers what was tried in vain; what turns out proven is forgotten."""

    def __init__(self) -> None:
        self._tried: dict[Key, tuple[int, float]] = {}  # how often, and when again

    def due(self, cases: Iterable[Case], *, now_s: float) -> list[Case]:
        """Of all that is found, what is worth a run now."""
        found = {case.key: case for case in cases}
        self._tried = {key: tried for key, tried in self._tried.items() if key in found}
        return [case for key, case in found.items() if self._is_due(key, now_s) and not awaits_ids(case)]

    def _is_due(self, key: Key, now_s: float) -> bool:
        return self._tried.get(key, (0, now_s))[1] <= now_s

    def tried(self, cases: Sequence[Case], *, now_s: float) -> None:
        """They were recomputed; those that are still found after a pause are again, each time after a longer one."""
        for case in cases:
            attempts = self._tried.get(case.key, (0, 0.0))[0] + 1
            self._tried[case.key] = (attempts, now_s + PAUSES_S[min(attempts, len(PAUSES_S)) - 1])
