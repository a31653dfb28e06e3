"""What is written down of running processes in `run/`, so that the next start can find what a crash left behind."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wickstream.errors import Mistake
from wickstream.operate.supervision.nanny import Entry, parse, start_time, stop_all

LOCK = "supervisor.lock"


def write_pid(run: Path, name: str, entry: Entry) -> None:
    """Note a started process as `pid start-time signal` in `run/<name>.pid`."""
    pid, started, number = entry
    draft = run / f"{name}.pid.new"
    draft.write_text(f"{pid} {started} {number}\n")
    draft.replace(run / f"{name}.pid")


def forget_pid(run: Path, name: str) -> None:
    """The process has ended and was reaped."""
    (run / f"{name}.pid").unlink(missing_ok=True)


def sweep(run: Path) -> list[str]:
    """Stop what a killed supervisor and its nanny left running; returns the names of those found alive.

    Only for the holder of the folder's lock.
    """
    files = sorted(run.glob("*.pid"), key=lambda file: file.stat().st_mtime_ns)
    noted = [(file.stem, entry) for file in files if (entry := parse(file.read_text()))]
    # Long after the crash a gone pid says nothing about its group, so only living leaders are touched.
    alive = [(name, entry) for name, entry in noted if start_time(entry[0]) == entry[1]]
    stop_all([entry for _, entry in alive])
    for file in files:
        file.unlink(missing_ok=True)
    return [name for name, _ in alive]


@contextmanager
def locked(run: Path) -> Iterator[None]:
    """Hold the data folder: one supervisor at a time. The lock goes with its process, however that ends.

    Raises:
        Mistake: If another supervisor holds it, with its pid; or if it cannot be written to.
    """
    try:
        run.mkdir(parents=True, exist_ok=True)
        fd = os.open(run / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as exc:
        raise Mistake(f"{run.parent} cannot be written to ({exc.strerror}): choose another --data-dir") from exc
    try:
        if not _take(fd):
            holder = os.pread(fd, 32, 0).decode().strip() or "unknown"
            raise Mistake(
                f"{run.parent} is in use by another wickstream (pid {holder}): "
                "stop it with `wickstream down`, or choose another --data-dir"
            )
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(fd)


def holder_of(run: Path) -> int | None:
    """Pid of the supervisor that holds the folder; None if nobody does."""
    try:
        fd = os.open(run / LOCK, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        if _take(fd):
            return None
        return int(os.pread(fd, 32, 0).decode().strip() or 0) or None
    finally:
        os.close(fd)


def _take(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
