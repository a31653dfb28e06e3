"""What a lifecycle did, as it is told and as `--json` has it. Pure."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

from wickstream.operate.validation.evidence import Fault

SHOWN = 20  # of the faults of one subject


class Outcome(StrEnum):
    """What became of a day, a month, a table."""

    DONE = "done"
    WOULD_BE = "would be done"  # --dry-run
    FAILED = "failed"  # and will, until somebody looks at it
    NOT_DONE = "not done"  # a store does not answer, or is busy: the next run does it


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """One subject of one step.

    Attributes:
        facts: how many of what, by name.
        faults: rows that are in the way; of many only the first.
    """

    step: str
    subject: str
    outcome: Outcome
    facts: Mapping[str, int] = {}
    trouble: str = ""
    faults: Sequence[Fault] = ()


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One run; what had nothing to do is not in it."""

    passed: bool
    dry_run: bool
    now: int  # ms: of the data; 0: there is none
    seconds: float
    done: Sequence[Done]


def report(done: Sequence[Done], *, dry_run: bool, now_ms: int, seconds: float) -> Report:
    """What it comes to."""
    passed = all(one.outcome in (Outcome.DONE, Outcome.WOULD_BE) for one in done)
    return Report(passed=passed, dry_run=dry_run, now=now_ms, seconds=round(seconds, 1), done=done)


def lines(found: Report) -> list[str]:
    """For people."""
    told = [line for one in found.done for line in _of(one)]
    if not told:
        return ["nothing to do"]
    return [*told, f"{len(found.done):,} done in {found.seconds:,.1f} s" if found.passed else "NOT all is done"]


def _of(one: Done) -> list[str]:
    facts = ", ".join(f"{count:,} {name}" for name, count in one.facts.items())
    line = f"{one.step}, {one.subject}: {one.outcome}"
    said = "; ".join(filter(None, (facts, one.trouble)))
    faults = [f"    {fault.symbol} {fault.open_time}: {fault.what}" for fault in one.faults]
    return [f"{line} ({said})" if said else line, *faults]
