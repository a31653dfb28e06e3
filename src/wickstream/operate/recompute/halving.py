"""Which cases to ask for together, so that one that brings the job down takes no others with it. Pure."""

from collections.abc import Iterator

MOST_S = 3_600.0  # after so long no further run is begun
MOST_FAILED = 40  # runs; one case at fault among 2,000 lets 12 of them fail
IN_VAIN = 5


class Halving:
    """Parts of so many cases, each for a run of its own: all of them first, then the halves of what failed.

    A run costs a start of Spark. Where the whole, both of its halves, and a case of each of them alone have failed and
    nothing has succeeded, it is not the cases: no further one is asked for.
    """

    def __init__(self, size: int, *, now_s: float) -> None:
        self._whole = range(size)
        self._until_s = now_s + MOST_S
        self._due = [self._whole] if size else []
        self._to_halve: list[range] = []  # when all that is due was asked for
        self._answered = self._failed = 0
        self._alone: list[range] = []

    def next(self, *, now_s: float) -> range | None:
        """What to ask for now; None: nothing is left, or it is not worth it."""
        if self._is_given_up(now_s):
            return None
        if not self._due:
            self._due = self._halves()
        return self._due.pop(0) if self._due else None

    def answered(self) -> None:
        """The last part was."""
        self._answered += 1

    def failed(self, part: range) -> None:
        """It was not."""
        self._failed += 1
        (self._alone if len(part) == 1 else self._to_halve).append(part)

    def at_fault(self) -> Iterator[range]:
        """At the end: what was not answered, with as little as possible beside the cases at fault."""
        if self._failed >= IN_VAIN and not self._answered:
            yield self._whole
        else:
            yield from sorted((*self._alone, *self._due, *self._to_halve), key=lambda part: part.start)

    def _is_given_up(self, now_s: float) -> bool:
        most = MOST_FAILED if self._answered else IN_VAIN
        return self._failed >= most or now_s >= self._until_s

    def _halves(self) -> list[range]:
        """Where nothing was ever answered, a case alone of each of the halves instead, and what is left of them."""
        parts, self._to_halve = self._to_halve, []
        is_to_try = not self._answered and self._whole not in parts
        cuts = [part.start + (1 if is_to_try else len(part) // 2) for part in parts]
        return [range(part.start, cut) for part, cut in zip(parts, cuts, strict=True)] + [
            range(cut, part.stop) for part, cut in zip(parts, cuts, strict=True)
        ]
