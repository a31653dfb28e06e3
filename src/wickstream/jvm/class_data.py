"""Class-data archives: a JVM that has one starts in half the time. Made once, from the running process."""

import hashlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from wickstream.config import Settings
from wickstream.jvm.java import Java

_DRAFTS, _ABANDONED_S = ".dump-", 3_600.0
_DUMP_SECONDS = 1_800.0  # of low priority: beside a busy market 20 s of work take ten minutes
_LOOK_SECONDS, _LOOK_FOR_CHILD_SECONDS = 1.0, 0.05
_KEPT_PER_NAME = 2


def archive_path(settings: Settings, *, name: str, java: Java, class_path: Sequence[Path]) -> Path:
    """Where the archive of this JVM is, or will be.

    The JVM ignores an archive whose Java or class path (order, sizes, file times) is another; so each has its own name.
    """
    stats = [(str(jar), jar.stat()) for jar in class_path]
    facts = [str(java.path.resolve()), str(java.version), *(f"{p} {s.st_size} {s.st_mtime_ns}" for p, s in stats)]
    key = hashlib.sha256("\n".join(facts).encode()).hexdigest()[:12]
    return settings.cache_dir / "cds" / f"{name}-{key}.jsa"


def archive_flags(archive: Path) -> tuple[str, ...]:
    """JVM flags that use the archive if it is there; an unusable one is ignored without a word."""
    if not archive.exists():
        return ()
    return (f"-XX:SharedArchiveFile={archive}", "-Xshare:auto", "-Xlog:cds=off", "-Xlog:cds+dynamic=off")


def dump_class_data(pid: int, target: Path, *, java: Java) -> bool:
    """Make the archive of the running JVM `pid`; True if it is there afterwards.

    Blocks for 4 to 30 s, at low priority, and for half an hour at most on a busy machine. The JVM starts
    the dumping process itself, in its own process group; it needs a writable working folder.
    """
    if target.exists():
        return True
    target.parent.mkdir(parents=True, exist_ok=True)
    drop_abandoned(target.parent)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=_DRAFTS) as folder:
        draft = Path(folder) / "draft.jsa"
        if not _dump(pid, draft, java=java):
            return False
        shutil.move(draft, target)
    _drop_old_archives(target)
    return True


def drop_abandoned(folder: Path) -> None:
    """Drafts of 180 MB, whose makers were killed: no dump goes on for an hour."""
    for draft in folder.glob(f"{_DRAFTS}*"):
        with suppress(FileNotFoundError):
            if draft.stat().st_mtime < time.time() - _ABANDONED_S:
                shutil.rmtree(draft, ignore_errors=True)


def _dump(pid: int, draft: Path, *, java: Java) -> bool:
    command: list[str | Path] = [java.jcmd, str(pid), "VM.cds", "static_dump", str(draft)]
    jcmd = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + _DUMP_SECONDS
    dumping: set[int] = set()
    while jcmd.poll() is None and time.monotonic() < deadline:
        dumping |= _lower_priority_of_children(pid)
        with suppress(subprocess.TimeoutExpired):
            jcmd.wait(_LOOK_SECONDS if dumping else _LOOK_FOR_CHILD_SECONDS)
    if jcmd.poll() is None:
        jcmd.kill()
        _kill_children(pid, dumping)
    jcmd.wait()
    _drop_output(pid, dumping)
    return draft.exists()


def _lower_priority_of_children(pid: int) -> set[int]:
    """The dump is a child of the JVM, not of jcmd: `nice` in front of jcmd would not reach it."""
    seen = set()
    with suppress(psutil.Error):
        for child in psutil.Process(pid).children():
            seen.add(child.pid)
            child.nice(19)
    return seen


def _kill_children(pid: int, dumping: set[int]) -> None:
    with suppress(psutil.Error):
        for child in psutil.Process(pid).children():
            if child.pid in dumping:
                child.kill()


def _drop_output(pid: int, dumping: set[int]) -> None:
    """What the dumping process printed is left in the working folder of the JVM."""
    with suppress(psutil.Error):
        folder = Path(psutil.Process(pid).cwd())
        for output in (file for child in dumping for file in folder.glob(f"java_pid{child}_std*")):
            output.unlink(missing_ok=True)


def _drop_old_archives(newest: Path) -> None:
    name = newest.name.rsplit("-", 1)[0]
    archives = sorted(newest.parent.glob(f"{name}-*.jsa"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in archives[_KEPT_PER_NAME:]:
        old.unlink(missing_ok=True)
