"""Processes that tests start: real ones, by their specs, gone when the test run is, however it ends."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from wickstream.operate.supervision import nanny
from wickstream.operate.supervision.guard import Guard
from wickstream.operate.supervision.process import ProcessSpec


def wait_until(condition: Callable[[], bool], *, deadline_s: float = 30.0, what: str = "the condition") -> None:
    """Poll until it holds.

    Raises:
        AssertionError: If it does not within `deadline_s`.
    """
    deadline = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not hold within {deadline_s} s"
        time.sleep(0.02)


class Running:
    """One started process."""

    def __init__(self, spec: ProcessSpec, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.spec = spec
        self.process = process
        self.log = log

    @property
    def pid(self) -> int:
        """Of the process itself."""
        return self.process.pid

    def stop(self) -> float:
        """Stop it in order; returns the seconds it took."""
        began = time.monotonic()
        self.process.send_signal(self.spec.stop_signal)
        self.process.wait(self.spec.stop_seconds)
        return time.monotonic() - began

    def kill(self) -> None:
        """As `kill -9`."""
        self.process.kill()
        self.process.wait(10)


class Launcher:
    """Starts specs under a nanny, and stops what is left at the end."""

    def __init__(self) -> None:
        self._guard = Guard()
        self._running: list[Running] = []

    def start(self, spec: ProcessSpec, *, deadline_s: float = 60.0) -> Running:
        """Prepare, start and wait until it is ready.

        Raises:
            AssertionError: If it dies or is not ready in time; shows the end of its log.
        """
        running = self.spawn(spec)
        wait_until(lambda: self._is_up(running), deadline_s=deadline_s, what=f"{spec.name} ready")
        return running

    def spawn(self, spec: ProcessSpec) -> Running:
        """Prepare and start, without waiting."""
        spec.cwd.mkdir(parents=True, exist_ok=True)
        if spec.prepare:
            spec.prepare()
        log = spec.cwd.parent / f"{spec.name}.log"
        with log.open("ab") as out:
            process = subprocess.Popen(
                spec.argv, env=spec.env, cwd=spec.cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True,
            )  # fmt: skip
        self._guard.watch((process.pid, nanny.start_time(process.pid) or "gone", int(spec.stop_signal)))
        running = Running(spec, process, log)
        self._running.append(running)
        return running

    def close(self) -> None:
        """Stop everything, the last started first."""
        for running in reversed(self._running):
            if running.process.poll() is None:
                running.stop()
            nanny.signal_group(running.pid, 9)
            self._guard.forget(running.pid)
        self._guard.close()

    def _is_up(self, running: Running) -> bool:
        assert running.process.poll() is None, f"{running.spec.name} died:\n{running.log.read_text()[-4000:]}"
        return running.spec.is_ready()
