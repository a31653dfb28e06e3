"""A job on its way: its steps one behind the other whenever it is due, and never twice at once."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from signal import SIGKILL

import msgspec
import structlog
from cronsim import CronSim

from wickstream.errors import EXIT_MISTAKE
from wickstream.operate.supervision import nanny
from wickstream.operate.supervision.child import Child, Premises, State
from wickstream.operate.supervision.process import ProcessSpec

log = structlog.get_logger()

OK = "ok"
CUT_OFF = "cut off"  # by a stop or a kill: it is begun again
ANY_EXIT = frozenset(range(-64, 256))
ENDED = frozenset({State.STOPPED, State.FAILED})


@dataclass(frozen=True)
class JobStep:
    """One process of a job.

    Attributes:
        process: it ends by itself; its name is that of its log.
        timeout_s: after so long it is stopped; None: never.
        retries: so often it is tried again if it fails, unless the failure is for the operator to mend.
    """

    process: ProcessSpec
    timeout_s: float | None
    retries: int = 0


@dataclass(frozen=True)
class JobSpec:
    """`when`: a cron expression, UTC. The pause before a step is tried again doubles each time."""

    name: str
    when: str
    steps: tuple[JobStep, ...]
    first_pause_s: float = 10.0


class Phase(StrEnum):
    """What a job is at."""

    WAITING = "waiting"
    RUNNING = "running"
    PAUSING = "pausing"  # before a step is tried again


class JobState(msgspec.Struct, frozen=True):
    """One row of `status`, and what is remembered from start to start; times are epoch ms."""

    name: str
    when: str
    phase: str
    step: str  # of the one that runs, or was the last
    next_ms: int
    began_ms: int | None = None  # its last run
    ended_ms: int | None = None  # None beside a `began_ms`: it goes on, or was cut off
    outcome: str = ""  # of the last run that has ended


def due_after(when: str, after_s: float) -> float:
    """The next moment of a cron expression (epoch s)."""
    return next(CronSim(when, datetime.fromtimestamp(after_s, UTC))).timestamp()


def first_due(when: str, before: JobState | None, now_s: float) -> float:
    """After a start: what was missed or cut off meanwhile is due once, at once."""
    if before is None or before.began_ms is None:
        return due_after(when, now_s)
    return now_s if before.ended_ms is None else due_after(when, before.began_ms / 1_000)


class ScheduledJob:
    """One job; `advance()` is called again and again, by the supervisor's main thread only."""

    def __init__(self, spec: JobSpec, premises: Premises, before: JobState | None, now_s: float) -> None:
        self.spec = spec
        self._premises = premises
        self._next_s = first_due(spec.when, before, now_s)
        self._began_ms = before.began_ms if before else None
        self._ended_ms = before.ended_ms if before else None
        self._outcome = before.outcome if before else ""
        if self._began_ms is not None and self._ended_ms is None:
            self._outcome = CUT_OFF
        self._step = 0
        self._failures = 0  # of this step, in this run
        self._child: Child | None = None
        self._again_at: float | None = None  # monotonic
        self._deadline = float("inf")
        self._stopped_at: float | None = None  # monotonic: it was told to, because it took too long

    @property
    def state(self) -> JobState:
        """As it is now."""
        return JobState(
            name=self.spec.name,
            when=self.spec.when,
            phase=self._phase,
            step=self._name_of_step,
            next_ms=round(self._next_s * 1_000),
            began_ms=self._began_ms,
            ended_ms=self._ended_ms,
            outcome=self._outcome,
        )

    def advance(self, now_s: float) -> None:
        """Take the next step, if it is time (epoch s); never blocks."""
        if self._child is not None:
            self._look(self._child, now_s)
        elif self._again_at is not None:
            if time.monotonic() >= self._again_at:
                self._start_step()
        elif now_s >= self._next_s:
            self._began_ms, self._ended_ms, self._step, self._failures = round(now_s * 1_000), None, 0, 0
            self._start_step()

    def ask_to_stop(self) -> None:
        """In order; what it was at is begun again by the next start."""
        if self._child is not None:
            self._child.ask_to_stop()

    def await_stop(self, deadline: float) -> None:
        """Wait until its process has ended; it is killed at the deadline (monotonic)."""
        if self._child is not None:
            self._child.await_stop(deadline)
            self._child = None

    @property
    def stop_seconds(self) -> float:
        """How long the process that runs may take to stop."""
        return self._child.spec.stop_seconds if self._child else 0.0

    @property
    def _phase(self) -> Phase:
        if self._child is not None:
            return Phase.RUNNING
        return Phase.WAITING if self._again_at is None else Phase.PAUSING

    @property
    def _name_of_step(self) -> str:
        return "" if self._began_ms is None else self.spec.steps[self._step].process.name

    def _start_step(self) -> None:
        step = self.spec.steps[self._step]
        self._again_at = self._stopped_at = None
        self._deadline = time.monotonic() + (float("inf") if step.timeout_s is None else step.timeout_s)
        self._child = Child(step.process, self._premises)
        self._child.begin()

    def _look(self, child: Child, now_s: float) -> None:
        child.advance()
        if child.state not in ENDED:
            self._keep_to_deadline(child)
        elif child.exit_code == 0 and self._stopped_at is None:
            self._child = None
            self._go_on(now_s)
        else:
            self._child = None
            self._fail(child, now_s)

    def _keep_to_deadline(self, child: Child) -> None:
        if self._stopped_at is None and time.monotonic() > self._deadline:
            self._stopped_at = time.monotonic()
            child.ask_to_stop()
        elif self._stopped_at is not None and time.monotonic() > self._stopped_at + child.spec.stop_seconds:
            nanny.signal_group(child.pid or 0, SIGKILL)

    def _go_on(self, now_s: float) -> None:
        if self._step + 1 == len(self.spec.steps):
            self._end(OK, now_s)
        else:
            self._step, self._failures = self._step + 1, 0
            self._start_step()

    def _fail(self, child: Child, now_s: float) -> None:
        step = self.spec.steps[self._step]
        took_too_long = f"{child.name} took longer than {step.timeout_s} s"
        trouble = (
            took_too_long if self._stopped_at is not None else f"{child.name} ended with exit code {child.exit_code}"
        )
        self._failures += 1
        if self._failures > step.retries or child.exit_code == EXIT_MISTAKE:
            return self._end(trouble, now_s)
        pause_s = self.spec.first_pause_s * 2.0 ** (self._failures - 1)
        log.warning("a job's step failed", job=self.spec.name, trouble=trouble, again_in_s=pause_s)
        self._again_at = time.monotonic() + pause_s

    def _end(self, outcome: str, now_s: float) -> None:
        if outcome != OK:
            log.warning("a job failed", job=self.spec.name, trouble=outcome)
        self._ended_ms, self._outcome = round(now_s * 1_000), outcome
        self._next_s = due_after(self.spec.when, now_s)  # what came due meanwhile is left out
