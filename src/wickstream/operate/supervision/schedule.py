"""All jobs of a supervisor, and what is remembered of them in `run/jobs.json`."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import structlog

from wickstream.operate.supervision.child import Premises
from wickstream.operate.supervision.job import JobSpec, JobState, ScheduledJob

log = structlog.get_logger()

FILE = "jobs.json"
GRACE_S = 60.0  # a fresh stack has better things to do in its first minute


def read_jobs(run: Path) -> tuple[JobState, ...]:
    """As last written, in the order of the list; nothing where there is no such file."""
    try:
        return msgspec.json.decode((run / FILE).read_bytes(), type=tuple[JobState, ...])
    except (FileNotFoundError, msgspec.DecodeError):
        return ()


class Schedule:
    """Begins what is due; a job that still runs is left alone until it has ended."""

    def __init__(
        self,
        specs: Sequence[JobSpec],
        premises: Premises,
        *,
        grace_s: float = GRACE_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._run = premises.run
        self._clock = clock
        self._grace_s = grace_s
        self._begins_at: float | None = None  # monotonic
        before = {state.name: state for state in read_jobs(premises.run)}
        self._jobs = [ScheduledJob(spec, premises, before.get(spec.name), clock()) for spec in specs]
        self._written: tuple[JobState, ...] | None = None

    def advance(self) -> None:
        """One look at all of them; never blocks."""
        if self._begins_at is None:
            self._begins_at = time.monotonic() + self._grace_s
        if time.monotonic() >= self._begins_at:
            for job in self._jobs:
                job.advance(self._clock())
        self._write()

    def stop(self) -> None:
        """End what runs; nothing of it is left afterwards."""
        for job in self._jobs:
            job.ask_to_stop()
        asked_at = time.monotonic()
        for job in self._jobs:
            job.await_stop(asked_at + job.stop_seconds)

    def _write(self) -> None:
        states = tuple(job.state for job in self._jobs)
        if states == self._written:
            return
        draft = self._run / f"{FILE}.new"
        try:
            draft.write_bytes(msgspec.json.encode(states))
            draft.replace(self._run / FILE)
        except OSError as exc:  # a full disk: what runs goes on
            log.warning("jobs not written", reason=str(exc))
        self._written = states
