"""What a proof has found so far, by check."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from wickstream.errors import StoreBusy
from wickstream.operate.proof.damage import Damage
from wickstream.operate.validation.evidence import Fault, Verdict
from wickstream.operate.validation.tally import Tally

Result = TypeVar("Result")


class Checks:
    """Faults go into the report, of each check the first, and all of them into the damage."""

    def __init__(self, names: Iterable[str]) -> None:
        self._tallies = {name: Tally() for name in names}
        self._remarks: dict[str, str] = {}
        self.damage = Damage()

    def count(self, check: str, faults: Iterable[Fault], *, judged: int = 0) -> None:
        """Take in what was found among so many rows."""
        found = list(faults)
        self.damage.take(found)
        self._tallies[check].count(found, judged=judged)

    def count_others(self, check: str, faults: Iterable[Fault], *, judged: int = 0) -> None:
        """As `count`, of faults that are none of candles in warm or cold."""
        self._tallies[check].count(faults, judged=judged)

    def asked(self, check: str, read: Callable[[], Result], otherwise: Result) -> Result:
        """What a store answers; that it does not is a fault."""
        try:
            return read()
        except StoreBusy as exc:
            self.count(check, [Fault("", None, str(exc))])
            return otherwise

    def remark(self, check: str, words: str) -> None:
        """Why a check judged nothing, or not all."""
        self._remarks[check] = words

    def verdicts(self) -> tuple[Verdict, ...]:
        """What it comes to."""
        return tuple(tally.verdict(name, self._remarks.get(name, "")) for name, tally in self._tallies.items())
