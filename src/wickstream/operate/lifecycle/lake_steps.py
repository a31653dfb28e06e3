"""What is done to the tables of the lake."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from wickstream.errors import StoreBusy
from wickstream.operate.lifecycle.calendar import is_old, is_over, part_end_ms
from wickstream.operate.lifecycle.report import Done, Outcome
from wickstream.operate.lifecycle.step import Progress, Warm
from wickstream.operate.validation.evidence import Fault
from wickstream.store.cold.parts import Part
from wickstream.store.cold.upkeep import Doubled, Upkeep
from wickstream.store.warm.lake_files import noted_files

ATTEMPTS = 3  # at what the running writer comes before; after that the next run has it

Answer = TypeVar("Answer")


class PutInOrder:
    """Days and months that are over: sorted, in few files."""

    def __init__(self, table: str, upkeep: Upkeep, warm: Warm, now_ms: int, *, days: int) -> None:
        """`days`: what is older is about to go."""
        self.name = f"cold {table} in order"
        self._table = table
        self._upkeep = upkeep
        self._warm = warm
        self._now_ms = now_ms
        self._days = days

    def subjects(self) -> list[str]:
        """Those that are not in order yet."""
        return [part.value for part in self._upkeep.parts() if self._is_due(part)]

    def _is_due(self, part: Part) -> bool:
        end_ms = part_end_ms(part.value)
        is_to_stay = is_over(end_ms, self._now_ms) and not is_old(end_ms, self._now_ms, days=self._days)
        return is_to_stay and not part.is_in_order

    def do(self, subject: str, *, dry_run: bool, progress: Progress) -> Done | None:
        """One of them."""
        before = next((part for part in self._upkeep.parts() if part.value == subject), None)
        if before is None or not self._is_due(before):
            return None
        facts = {"rows": before.rows, "files before": before.files}
        if dry_run:
            return Done(step=self.name, subject=subject, outcome=Outcome.WOULD_BE, facts=facts)
        faults = self._damage(subject)
        try:
            after = None if faults else patiently(lambda: self._upkeep.put_in_order(subject, progress))
        except Doubled as exc:
            faults = [Fault("", None, str(exc))]
        if faults:
            return Done(step=self.name, subject=subject, outcome=Outcome.FAILED, facts=facts, faults=faults)
        facts |= {"files": after.files, "bytes": after.size_bytes} if after else {}
        return Done(step=self.name, subject=subject, outcome=Outcome.DONE, facts=facts)

    def _damage(self, part: str) -> list[Fault]:
        """Written anew, what is damaged would pass for whole: it is left to `verify`, whose notes tell of it."""
        with self._warm.used() as conn:
            known = noted_files(conn, self._table).items()
        sha256 = {path: noted.sha256 for path, noted in known if noted.sha256}
        damaged = self._upkeep.damaged(part, sha256)
        return [Fault("", None, f"{path} is not what it was when it was written: see `verify`") for path in damaged]


class RemoveOld:
    """Days and months of a table that are older than they are to be kept."""

    def __init__(
        self, table: str, upkeep: Upkeep, now_ms: int, *, days: int, is_held_by_warm: Callable[[str], bool]
    ) -> None:
        """`is_held_by_warm`: what warm did not let go yet would be looked for here; it may raise StoreBusy."""
        self.name = f"cold {table} kept for {days} days"
        self._upkeep = upkeep
        self._now_ms = now_ms
        self._days = days
        self._is_held_by_warm = is_held_by_warm

    def subjects(self) -> list[str]:
        """All of them go in one commit."""
        old = [part.value for part in self._old()]
        return [old[0] if len(old) == 1 else f"{old[0]} to {old[-1]}"] if old else []

    def _old(self) -> Iterator[Part]:
        for part in self._upkeep.parts():
            is_due = is_old(part_end_ms(part.value), self._now_ms, days=self._days)
            if is_due and not self._is_held_by_warm(part.value):
                yield part

    def do(self, subject: str, *, dry_run: bool, progress: Progress) -> Done | None:
        """All of them."""
        old = list(self._old())
        if not old:
            return None
        facts = {"rows": sum(part.rows for part in old), "files": sum(part.files for part in old)}
        if not dry_run:
            values = [part.value for part in old]
            patiently(lambda: self._upkeep.remove(values, before_ms=max(map(part_end_ms, values))))
        return Done(step=self.name, subject=subject, outcome=Outcome.WOULD_BE if dry_run else Outcome.DONE, facts=facts)


class Sweep:
    """Files that no commit of the last day names."""

    def __init__(self, table: str, upkeep: Upkeep) -> None:
        self.name = f"cold {table} swept"
        self._upkeep = upkeep

    def subjects(self) -> list[str]:
        """The table, if there are any."""
        return ["files of no use"] if self._upkeep.unused() else []

    def do(self, subject: str, *, dry_run: bool, progress: Progress) -> Done | None:
        """Delete them."""
        facts = {"files": self._upkeep.unused() if dry_run else self._upkeep.sweep()}
        return Done(step=self.name, subject=subject, outcome=Outcome.WOULD_BE if dry_run else Outcome.DONE, facts=facts)


def patiently(act: Callable[[], Answer]) -> Answer:
    """Again, if others came before."""
    for _ in range(ATTEMPTS - 1):
        try:
            return act()
        except StoreBusy:
            continue
    return act()
