"""The supervisor: starts processes in parallel as far as their needs allow, keeps them running, stops them in order."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Self

import msgspec
import structlog

from wickstream.errors import Mistake, StartFailed
from wickstream.operate.supervision import logfiles
from wickstream.operate.supervision.child import Child, Premises, State
from wickstream.operate.supervision.guard import Guard
from wickstream.operate.supervision.job import JobSpec
from wickstream.operate.supervision.process import ProcessSpec
from wickstream.operate.supervision.schedule import Schedule
from wickstream.operate.supervision.step import Step, StepRun
from wickstream.stopping import StopFlag

log = structlog.get_logger()

# From the ground up: a layer is stopped only when the layers above it have stopped.
Layers = Sequence[Sequence[ProcessSpec | Step]]
OnChange = Callable[[str, State], None]

START_SECONDS = 180.0
DEATHS_AT_START = 4  # in a row, and it will not come up by itself
STEP_S = 0.05
CALM_STEP_S = 0.2  # once all is ready
HOUSEKEEPING_S = 2.0


class ProcessState(msgspec.Struct, frozen=True):
    """One row of `status`."""

    name: str
    pid: int | None
    state: str
    restarts: int
    since_ms: int
    port: int | None
    trouble: str


class StackState(msgspec.Struct, frozen=True):
    """What the supervisor writes to `run/state.json` at every change."""

    supervisor: int
    nanny: int
    is_ready: bool
    processes: tuple[ProcessState, ...]


def read_state(run: Path) -> StackState | None:
    """The last state written; whether that supervisor still lives is for the lock to say."""
    try:
        return msgspec.json.decode((run / "state.json").read_bytes(), type=StackState)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


class Supervisor:
    """Processes and steps on their way. A context manager: leaving it stops everything that was started.

    Use it from the main thread, and while holding the folder's lock.
    """

    def __init__(
        self,
        layers: Layers,
        *,
        data_dir: Path,
        ports: Mapping[str, int] | None = None,
        on_change: OnChange = lambda _name, _state: None,
        patient: frozenset[str] = frozenset(),
        jobs: Sequence[JobSpec] = (),
    ) -> None:
        """`patient`: names that may stay without being ready, because they wait for something outside; `jobs`: what is
        done by the clock, once all else is ready."""
        self._run, self._logs = data_dir / "run", data_dir / "logs"
        for folder in (self._run, self._logs):
            folder.mkdir(parents=True, exist_ok=True)
        self._guard = Guard()
        self._threads = ThreadPoolExecutor(max_workers=16, thread_name_prefix="probe")
        premises = Premises(self._run, self._logs, self._guard, self._threads)
        self._layers = [[Child(s, premises) if isinstance(s, ProcessSpec) else StepRun(s) for s in x] for x in layers]
        self._units: dict[str, Child | StepRun] = {unit.name: unit for layer in self._layers for unit in layer}
        self._waiting = list(self._units.values())
        self._schedule = Schedule(jobs, premises)
        self._ports = ports or {}
        self._on_change = on_change
        self._patient = patient
        self._shown: dict[str, State] = {}
        self._written: StackState | None = None
        self._is_ready = False
        self._housekeeping_at = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, stop: StopFlag, *, deadline_s: float = START_SECONDS) -> bool:
        """Start everything and wait until it is ready; False if `stop` was set before.

        Raises:
            Mistake: If one of our own processes found something for the operator to mend.
            StartFailed: If something keeps dying, or is not ready in time.
        """
        deadline = time.monotonic() + deadline_s
        while not stop.wait(STEP_S):
            self._advance()
            self._give_up_on_hopeless()
            missing = [name for name, unit in self._hurried() if not unit.is_done]
            if not missing:
                self._is_ready = True
                self._write_state()
                return True
            if time.monotonic() > deadline:
                raise StartFailed(f"not ready within {deadline_s:.0f} s: {self._explain(missing[0])}")
        return False

    def watch(self, stop: StopFlag) -> None:
        """Keep everything running until `stop` is set, and do what the clock says."""
        while not stop.wait(CALM_STEP_S):
            self._advance()
            self._schedule.advance()

    def stop(self) -> None:
        """Stop the jobs, then the layers from the top; nothing of them is left afterwards."""
        self._schedule.stop()
        for layer in reversed(self._layers):
            children = [unit for unit in layer if isinstance(unit, Child)]
            for child in children:
                child.ask_to_stop()
            self._write_state()
            asked_at = time.monotonic()
            for child in children:
                child.await_stop(asked_at + child.spec.stop_seconds)
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._is_ready = False
        self._write_state()
        self._guard.close()

    def pid_of(self, name: str) -> int | None:
        """Of a running process."""
        unit = self._units.get(name)
        return unit.pid if isinstance(unit, Child) else None

    def _advance(self) -> None:
        self._begin_what_can()
        for unit in self._units.values():
            unit.advance()
        if time.monotonic() >= self._housekeeping_at:
            self._housekeeping_at = time.monotonic() + HOUSEKEEPING_S
            self._keep_house()
        self._write_state()

    def _begin_what_can(self) -> None:
        able = [unit for unit in self._waiting if all(self._units[name].is_done for name in unit.after)]
        for unit in able:
            self._waiting.remove(unit)
            unit.begin()

    def _keep_house(self) -> None:
        self._guard.mend()
        for child in self._children():
            logfiles.trim(child.log)

    def _children(self) -> list[Child]:
        return [unit for unit in self._units.values() if isinstance(unit, Child)]

    def _give_up_on_hopeless(self) -> None:
        for unit in self._units.values():
            if unit.mistake:
                raise Mistake(unit.mistake)
        for name, unit in self._hurried():
            if isinstance(unit, Child) and (unit.state is State.FAILED or unit.deaths >= DEATHS_AT_START):
                raise StartFailed(self._explain(name))

    def _hurried(self) -> list[tuple[str, Child | StepRun]]:
        return [item for item in self._units.items() if item[0] not in self._patient]

    def _explain(self, name: str) -> str:
        unit = self._units[name]
        if unit in self._waiting:
            return f"{name} (waits for {', '.join(n for n in unit.after if not self._units[n].is_done)})"
        words = f"{name} ({unit.trouble or 'starting'})"
        if isinstance(unit, Child):
            words += f"; its log is {unit.log}, which ends in: {logfiles.last_lines(unit.log) or 'nothing'}"
        return words

    def _write_state(self) -> None:
        state = StackState(
            supervisor=os.getpid(),
            nanny=self._guard.pid,
            is_ready=self._is_ready,
            processes=tuple(self._row(child) for child in self._children()),
        )
        if state != self._written:
            self._written = state
            self._save(state)
            self._announce()

    def _save(self, state: StackState) -> None:
        draft = self._run / "state.json.new"
        try:
            draft.write_bytes(msgspec.json.encode(state))
            draft.replace(self._run / "state.json")
        except OSError as exc:  # a full disk or a lost folder must not keep us from stopping in order
            log.warning("state not written", reason=str(exc))

    def _announce(self) -> None:
        for child in self._children():
            if self._shown.get(child.name) is not child.state:
                self._shown[child.name] = child.state
                with suppress(OSError):  # whoever was told is gone; the work goes on
                    self._on_change(child.name, child.state)

    def _row(self, child: Child) -> ProcessState:
        return ProcessState(
            name=child.name,
            pid=child.pid,
            state=child.state,
            restarts=child.restarts,
            since_ms=child.since_ms,
            port=self._ports.get(child.name),
            trouble=child.trouble,
        )
