"""What the supervisor needs to know of a process: how to start it, when it is ready, how to stop it."""

import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


def always_ready() -> bool:
    """For processes without a door to knock on: started is ready."""
    return True


@dataclass(frozen=True)
class ProcessSpec:
    """One supervised process: a local server, or one of our own commands.

    Attributes:
        name: as shown in `status`; also the name of its log file and pid file.
        argv: program and arguments; no secrets (other users can read them).
        env: the whole environment of the process.
        cwd: a writable folder, made before the start.
        prepare: called before each start (format, initdb, mend after a crash); must be idempotent.
        is_ready: called until it returns True; must not block for more than a second, must not raise.
        stop_signal: what makes it stop in order.
        stop_seconds: how long it may take to stop before it is killed.
        after: names of the processes that must be ready before this one is started.
        final_exit_codes: exit codes after which it is not started again (0 of a one-shot, 75 of a fenced connector).
    """

    name: str
    argv: tuple[str, ...]
    env: dict[str, str] = field(repr=False)
    cwd: Path
    prepare: Callable[[], None] | None = None
    is_ready: Callable[[], bool] = always_ready
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    after: tuple[str, ...] = ()
    final_exit_codes: frozenset[int] = frozenset({75})
