"""What a killed PostgreSQL leaves behind, and when it may be removed."""

import time
from pathlib import Path

import psutil

from wickstream.errors import Mistake

_DEATH_SECONDS = 10.0  # its processes notice the death of their parent within a second


def remove_stale_pid_file(data: Path) -> None:
    """Remove `postmaster.pid` unless its PostgreSQL lives.

    PostgreSQL refuses to start while the pid in the file exists, be it a zombie or by now another program's.

    Raises:
        Mistake: If a PostgreSQL is using this data folder.
    """
    file = data / "postmaster.pid"
    if not file.exists():
        return
    pid = postmaster_pid(file.read_text(errors="replace"))
    deadline = time.monotonic() + _DEATH_SECONDS
    while users := living_users(data):
        if pid in users or time.monotonic() > deadline:
            raise Mistake(f"a PostgreSQL (pid {min(users)}) is already using {data}: stop it first")
        time.sleep(0.05)
    file.unlink(missing_ok=True)


def postmaster_pid(text: str) -> int | None:
    """The pid that a `postmaster.pid` names in its first line."""
    first = text.partition("\n")[0].strip()
    return int(first) if first.isdigit() else None


def living_users(data: Path) -> set[int]:
    """Pids of the PostgreSQL processes that work in this folder; zombies do not."""
    return {process.pid for process in psutil.process_iter() if _works_in(process, data)}


def _works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return (
            process.name().startswith("postgres")
            and process.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
            and Path(process.cwd()) == folder.resolve()
        )
    except psutil.Error:
        return False
