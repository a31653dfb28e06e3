"""What the running stack is and takes: processes, memory, disk."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from wickstream.footprint import memory_of
from wickstream.operate.pulse import QueryProgress, open_ids, stream_progress, unproven_minutes
from wickstream.operate.source import FolderRecord, read_record
from wickstream.operate.supervision.job import JobState
from wickstream.operate.supervision.pids import holder_of
from wickstream.operate.supervision.schedule import read_jobs
from wickstream.operate.supervision.supervisor import ProcessState, read_state

UNREADY = frozenset({"starting", "backoff", "failed"})


class Component(msgspec.Struct, frozen=True):
    """A process as `status` shows it."""

    name: str
    state: str
    pid: int | None
    port: int | None
    restarts: int
    since_ms: int | None
    memory_bytes: int | None  # None: not running, or not ours to look into
    trouble: str = ""


class Status(msgspec.Struct, frozen=True):
    """The whole of `status`; its names are those of `--json`."""

    data_dir: str
    source: str | None
    market: str | None
    is_running: bool
    is_ready: bool
    memory_bytes: int
    disk_bytes: int
    components: tuple[Component, ...]
    stream: tuple[QueryProgress, ...] = ()  # nothing: it does not run, or not yet
    open_ids: int | None = None  # trades known to be missing, which repair looks for; None: it does not run, or not yet
    unproven_minutes: int | None = None  # whose closed candle is overdue; None: the writer does not run, or not yet
    jobs: tuple[JobState, ...] = ()  # what is done by the clock; what a job takes while it runs is in no figure above

    @property
    def unready(self) -> tuple[str, ...]:
        """Names of those that should run and do not, or not yet."""
        return tuple(c.name for c in self.components if c.state in UNREADY)


@dataclass(frozen=True)
class _Own:
    name: str
    pid: int


def status_of(data_dir: Path) -> Status:
    """The stack of a data folder, whether it runs or not."""
    record, holder, state = read_record(data_dir), holder_of(data_dir / "run"), read_state(data_dir / "run")
    is_running = holder is not None
    components: tuple[Component, ...] = ()
    if state:
        components = tuple(_component(process, is_running=is_running) for process in state.processes)
    if state and holder:
        components += tuple(_watcher(own) for own in (_Own("supervisor", holder), _Own("nanny", state.nanny)))
    return _status(data_dir, record, components, is_running=is_running, is_ready=bool(state and state.is_ready))


def disk_bytes(folder: Path) -> int:
    """What the files below a folder take on disk; a file that goes meanwhile counts nothing."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(root, name)).st_blocks * 512  # noqa: PTH118 - 10,000s of files
            except OSError:
                continue
    return total


def _status(
    data_dir: Path,
    record: FolderRecord | None,
    components: tuple[Component, ...],
    *,
    is_running: bool,
    is_ready: bool,
) -> Status:
    return Status(
        data_dir=str(data_dir),
        source=record.source if record else None,
        market=str(record.market) if record else None,
        is_running=is_running,
        is_ready=is_running and is_ready and not any(c.state in UNREADY for c in components),
        memory_bytes=sum(component.memory_bytes or 0 for component in components),
        disk_bytes=disk_bytes(data_dir),
        stream=next(map(stream_progress, _ports(components, "stream")), ()),
        open_ids=next(map(open_ids, _ports(components, "repair")), None),
        unproven_minutes=next(map(unproven_minutes, _ports(components, "write")), None),
        components=components,
        jobs=read_jobs(data_dir / "run"),
    )


def _ports(components: tuple[Component, ...], name: str) -> Iterator[int]:
    """Where the processes of that name answer, if they run."""
    return (c.port for c in components if c.name == name and c.pid and c.port)


def _component(process: ProcessState, *, is_running: bool) -> Component:
    return Component(
        name=process.name,
        state=process.state if is_running else "stopped",
        pid=process.pid if is_running else None,
        port=process.port,
        restarts=process.restarts,
        since_ms=process.since_ms,
        memory_bytes=memory_of(process.pid) if is_running and process.pid else None,
        trouble=process.trouble,
    )


def _watcher(own: _Own) -> Component:
    # Everything else is a child of the supervisor, so its children are not counted with it.
    memory = memory_of(own.pid, with_children=False)
    state = "stopped" if memory is None else "ready"
    return Component(own.name, state, own.pid, None, 0, None, memory)
