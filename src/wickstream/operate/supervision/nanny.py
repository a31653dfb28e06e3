"""The nanny: a tiny process that stops what a killed supervisor left running.

Run as `python -I -S nanny.py FD`, so it may import only the standard library. Each line read from FD, `pid start-time
signal`, is a process the supervisor has started. Only the supervisor holds the write end: when the pipe ends, however
that came about, those still alive are stopped, the last started first, and 10 s later their groups are killed.
"""

import os
import signal
import sys
import time

GRACE_S = 10.0  # for all of them together
TURN_S = 3.0  # for one of them before the next is told to stop
PAUSE_S = 0.02

Entry = tuple[int, str, int]  # pid, start time, the signal that makes it stop in order

# (process group, state, start time)
_Look = tuple[int, str, str]


def parse(line: str) -> Entry | None:
    """One `pid start-time signal` line; None if it is not one."""
    parts = line.split()
    if len(parts) != 3 or not (parts[0].isdigit() and parts[2].isdigit()):
        return None
    return int(parts[0]), parts[1], int(parts[2])


def start_time(pid: int) -> str | None:
    """What tells a process from a later one with the same pid; None if it is gone, or dead and not yet reaped."""
    look = _look(pid)
    return None if look is None or look[1] in "ZX" else look[2]


def group_is_alive(pgid: int) -> bool:
    """Tell whether any process of the group still runs; the dead that nobody has reaped do not count."""
    try:
        os.killpg(pgid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return any(group == pgid and state not in "ZX" for group, state, _ in _everyone())


def signal_group(pgid: int, number: int) -> None:
    """Send a signal to what is left of a group."""
    try:
        os.killpg(pgid, number)
    except (ProcessLookupError, PermissionError):
        return


def stop_all(entries: list[Entry], grace_s: float = GRACE_S) -> None:
    """Stop the processes, the last of `entries` first; what is left of their groups after `grace_s` is killed."""
    deadline = time.monotonic() + grace_s
    entries = [entry for entry in entries if _is_ours(entry)]
    for pid, started, number in reversed(entries):
        _signal(pid, number)
        turn = min(deadline, time.monotonic() + TURN_S)
        while start_time(pid) == started and time.monotonic() < turn:
            time.sleep(PAUSE_S)
    while any(map(_group_is_ours, entries)) and time.monotonic() < deadline:
        time.sleep(PAUSE_S)
    for entry in entries:
        if _group_is_ours(entry):
            signal_group(entry[0], signal.SIGKILL)


def _is_ours(entry: Entry) -> bool:
    # A pid cannot be given away while its group lives, so a dead leader's group is still the one we started.
    return start_time(entry[0]) in (entry[1], None)


def _group_is_ours(entry: Entry) -> bool:
    return _is_ours(entry) and group_is_alive(entry[0])


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return


if sys.platform == "linux":

    def _everyone() -> list[_Look]:
        pids = (int(name) for name in os.listdir("/proc") if name.isdigit())  # noqa: PTH208 - pathlib costs 2 MB
        return [look for pid in pids if (look := _look(pid))]

    def _look(pid: int) -> _Look | None:
        try:
            with open(f"/proc/{pid}/stat", "rb") as stat:  # noqa: PTH123 - as above
                fields = stat.read().rpartition(b")")[2].split()  # the name before it may hold anything
        except (FileNotFoundError, ProcessLookupError):
            return None
        return int(fields[2]), fields[0].decode(), fields[19].decode()

else:

    def _ps(*which: str) -> list[_Look]:
        import subprocess

        command = ["/bin/ps", "-o", "pgid=,state=,lstart=", *which]
        rows = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
        return [(int(group), state[0], "_".join(started)) for group, state, *started in map(str.split, rows)]

    def _everyone() -> list[_Look]:
        return _ps("-ax")

    def _look(pid: int) -> _Look | None:
        return next(iter(_ps("-p", str(pid))), None)


def main(fd: int) -> None:
    """Read entries until the pipe ends, then stop them."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    entries: dict[tuple[int, str], Entry] = {}
    with os.fdopen(fd) as pipe:
        for entry in map(parse, pipe):
            if entry:
                _note(entries, entry)
    stop_all(list(entries.values()))


def _note(entries: dict[tuple[int, str], Entry], entry: Entry) -> None:
    pid, started, number = entry
    entries.pop((pid, started), None)
    if number:
        entries[pid, started] = entry


if __name__ == "__main__":
    main(int(sys.argv[1]))
