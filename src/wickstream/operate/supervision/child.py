"""One supervised process through its life: prepare, start, probe, ready, and again after a pause when it dies."""

import subprocess
import time
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from signal import SIGKILL

import psutil
import structlog

from wickstream.errors import EXIT_MISTAKE, Mistake
from wickstream.operate.supervision import logfiles, nanny, pids
from wickstream.operate.supervision.backoff import Jitter, full_jitter, pause_s
from wickstream.operate.supervision.guard import Guard
from wickstream.operate.supervision.process import ProcessSpec

log = structlog.get_logger()

PROBE_EVERY_S = 0.1
SETTLED_S = 60.0  # a process that was ready for so long starts again with the first pause
FAMILY_S = 2.0  # what a process's own children may take to follow it
SAID = "wickstream: "  # how our commands begin the line that says what the operator can mend


class State(StrEnum):
    """What `status` shows."""

    STARTING = "starting"
    READY = "ready"
    BACKOFF = "backoff"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True)
class Premises:
    """Where children live: folders, the nanny, and threads for what may block."""

    run: Path
    logs: Path
    guard: Guard
    threads: Executor
    jitter: Jitter = full_jitter


class Child:
    """A process and its state; `advance()` is called again and again, by the main thread only.

    The main thread, because on Linux what a child inherits of its parent may be bound to the forking thread.
    """

    def __init__(self, spec: ProcessSpec, premises: Premises) -> None:
        self.spec = spec
        self.log = premises.logs / f"{spec.name}.log"
        self.state = State.STARTING
        self.since_ms = time.time_ns() // 1_000_000
        self.restarts = 0
        self.deaths = 0  # in a row
        self.exit_code: int | None = None
        self.trouble = ""
        self._premises = premises
        self._process: subprocess.Popen[bytes] | None = None
        self._family: list[psutil.Process] = []  # its descendants, when it was asked to stop
        self._preparing: Future[None] | None = None
        self._unprepared = ""
        self._probing: Future[bool] | None = None
        self._next_at = 0.0  # monotonic: the next probe, or the end of a pause
        self._ready_at = 0.0

    @property
    def name(self) -> str:
        """As in `status`."""
        return self.spec.name

    @property
    def after(self) -> tuple[str, ...]:
        """Names of those that must be ready first."""
        return self.spec.after

    @property
    def pid(self) -> int | None:
        """Of the running process, if there is one."""
        return self._process.pid if self._process else None

    @property
    def is_done(self) -> bool:
        """Nothing more is wanted of it: it is ready, or a one-shot that has ended well."""
        return self.state is State.READY or (self.state is State.STOPPED and self.exit_code == 0)

    @property
    def mistake(self) -> str:
        """What is for the operator to mend, if that is why it does not run."""
        if self._unprepared:
            return self._unprepared
        last = logfiles.last_lines(self.log) if self.exit_code == EXIT_MISTAKE else ""
        return last.removeprefix(SAID) if last.startswith(SAID) else ""

    def begin(self) -> None:
        """Start it; its log of the last time is kept beside."""
        self.spec.cwd.mkdir(parents=True, exist_ok=True)
        logfiles.rotate(self.log)
        self._prepare()

    def advance(self) -> None:
        """Take the next step of its life, if it is time; never blocks."""
        if self._process and (code := self._process.poll()) is not None:
            self._bury(code)
        elif self._preparing and self._preparing.done():
            self._spawn_when_prepared(self._preparing)
        elif self._process and self.state is State.STARTING:
            self._probe()
        elif self.state is State.BACKOFF and time.monotonic() >= self._next_at:
            self.restarts += 1
            self._prepare()

    def ask_to_stop(self) -> None:
        """Send it the signal that makes it stop in order, and never start it again."""
        if self._preparing:
            self._preparing.cancel()
            self._preparing = None
        if self._process:
            self._family = _descendants(self._process.pid)
            self._process.send_signal(self.spec.stop_signal)
        elif self.state is not State.FAILED:
            self._set(State.STOPPED)

    def await_stop(self, deadline: float) -> None:
        """Wait until it has ended; kill its whole group at the deadline (monotonic)."""
        if not self._process:
            return
        try:
            code = self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("killed: it did not stop", process=self.name, after_s=self.spec.stop_seconds)
            nanny.signal_group(self._process.pid, SIGKILL)
            code = self._process.wait()
        _await_end(self._family)
        self._clear_up()
        self.exit_code = code
        self._set(State.STOPPED)

    def _prepare(self) -> None:
        self._unprepared = ""
        self._set(State.STARTING)
        self._preparing = self._premises.threads.submit(self.spec.prepare or (lambda: None))

    def _spawn_when_prepared(self, preparing: Future[None]) -> None:
        self._preparing = None
        trouble = preparing.exception()
        if isinstance(trouble, Mistake):
            self._unprepared = str(trouble)
        if trouble:
            self._died(f"could not be prepared: {trouble}")
        else:
            self._spawn()

    def _spawn(self) -> None:
        try:
            self._process = self._open()
        except OSError as exc:
            return self._died(f"could not be started: {exc}")
        self._note(self._process.pid)
        self._next_at = 0.0

    def _open(self) -> subprocess.Popen[bytes]:
        with logfiles.open_log(self.log) as output:
            return subprocess.Popen(
                self.spec.argv,
                env=self.spec.env,
                cwd=self.spec.cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # a terminal's Ctrl-C reaches the supervisor only
            )

    def _note(self, pid: int) -> None:
        entry = (pid, nanny.start_time(pid) or "gone", int(self.spec.stop_signal))
        self._premises.guard.watch(entry)
        try:
            pids.write_pid(self._premises.run, self.name, entry)
        except OSError as exc:  # the nanny knows it all the same
            log.warning("pid not written", process=self.name, reason=str(exc))

    def _probe(self) -> None:
        if self._probing is None:
            if time.monotonic() >= self._next_at:
                self._probing = self._premises.threads.submit(self.spec.is_ready)
            return
        if not self._probing.done():
            return
        is_ready, self._probing = self._probing.result(), None
        self._next_at = time.monotonic() + PROBE_EVERY_S
        if is_ready:
            self._ready_at = time.monotonic()
            self._set(State.READY)

    def _bury(self, code: int) -> None:
        self._clear_up()
        self.exit_code = code
        if code not in self.spec.final_exit_codes:
            return self._died(f"ended with exit code {code}")
        self.trouble = "" if code == 0 else f"ended with exit code {code}, and is not started again"
        self._set(State.STOPPED if code == 0 else State.FAILED)

    def _clear_up(self) -> None:
        """See that nothing of its group is left, then forget it."""
        pid = self._process.pid if self._process else 0
        nanny.signal_group(pid, SIGKILL)
        self._process, self._probing = None, None
        self._premises.guard.forget(pid)
        pids.forget_pid(self._premises.run, self.name)

    def _died(self, trouble: str) -> None:
        settled = self.state is State.READY and time.monotonic() - self._ready_at > SETTLED_S
        self.deaths = 1 if settled else self.deaths + 1
        wait_s = pause_s(self.deaths, self._premises.jitter)
        self._next_at = time.monotonic() + wait_s
        self.trouble = trouble
        log.warning("a process died", process=self.name, trouble=trouble, again_in_s=round(wait_s, 2))
        self._set(State.BACKOFF)

    def _set(self, state: State) -> None:
        if state is not self.state:
            self.state = state
            self.since_ms = time.time_ns() // 1_000_000


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        family: list[psutil.Process] = psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []
    return family


def _await_end(family: list[psutil.Process]) -> None:
    """Give what a stopped process has left behind, in whatever group, a moment; then kill it."""
    _, alive = psutil.wait_procs(family, timeout=FAMILY_S)
    for process in alive:
        with suppress(psutil.Error):
            process.kill()
