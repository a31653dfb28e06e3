"""Spark's JVM killed at a named point of a micro-batch, which what it does in its checkpoint tells, as it does it."""

import ctypes
import os
import re
import select
import signal
import struct
import threading
from enum import Enum
from pathlib import Path
from typing import NamedTuple

CREATED, MOVED_TO = 0x100, 0x80  # of inotify(7)
PATIENCE_S = 240.0  # a JVM's start and a first batch, on a machine that does much else

_EVENT = struct.Struct("iIII")


class _Sign(NamedTuple):
    """What is seen when a batch is there: an event in a folder of the checkpoint, on a name of that form."""

    folder: str
    event: int
    name: str


class Point(Enum):
    """In the order of a batch."""

    BEFORE_OFFSETS = _Sign("offsets", CREATED, r"\.\d+\..*tmp")
    AFTER_OFFSETS = _Sign("offsets", MOVED_TO, r"\d+")
    MID_BATCH = _Sign("state/0/0", CREATED, r"\.\d+\.changelog.*tmp")  # sums are being made
    AFTER_STATE = _Sign("state/0/0", MOVED_TO, r"\d+\.changelog")  # kept, and perhaps not yet told to Kafka
    BEFORE_COMMIT = _Sign("commits", CREATED, r"\.\d+\..*tmp")  # Kafka has all, and Spark does not know it
    AFTER_COMMIT = _Sign("commits", MOVED_TO, r"\d+")


class Kill:
    """From now on waits for a point, once, and kills the process there; the checkpoint's folders must be there."""

    def __init__(self, checkpoint: Path, point: Point, *, pid: int) -> None:
        self._sign = point.value
        self._pid = pid
        self._eyes = _inotify(checkpoint / self._sign.folder, self._sign.event)
        self._thread = threading.Thread(target=self._wait, daemon=True)
        self._thread.start()

    def wait(self, deadline_s: float = PATIENCE_S) -> bool:
        """Tell whether it has killed, by then."""
        self._thread.join(deadline_s)
        is_done = not self._thread.is_alive()
        if is_done:
            os.close(self._eyes)
        return is_done

    def _wait(self) -> None:
        while not self._is_there():
            select.select([self._eyes], [], [])
        os.kill(self._pid, signal.SIGKILL)

    def _is_there(self) -> bool:
        try:
            events = os.read(self._eyes, 1 << 16)
        except BlockingIOError:
            return False
        return any(re.fullmatch(self._sign.name, name) for name in _names(events))


def _inotify(folder: Path, event: int) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    eyes: int = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    if eyes < 0 or libc.inotify_add_watch(eyes, os.fsencode(folder), event) < 0:
        raise OSError(ctypes.get_errno(), "inotify", str(folder))
    return eyes


def _names(events: bytes) -> list[str]:
    names, at = [], 0
    while at < len(events):
        _watch, _mask, _cookie, size = _EVENT.unpack_from(events, at)
        at += _EVENT.size + size
        names.append(events[at - size : at].rstrip(b"\0").decode())
    return names


class Batches(NamedTuple):
    """The newest batch whose offsets are noted, and the newest that is noted as done; -1: none."""

    begun: int
    done: int


def batches_in(checkpoint: Path) -> Batches:
    """As they are on disk."""
    return Batches(_newest(checkpoint / "offsets"), _newest(checkpoint / "commits"))


def is_hit(point: Point, found: Batches) -> bool:
    """Tell whether what a kill left is that of a kill at this point; else the JVM was faster than its killer."""
    is_between = point in (Point.BEFORE_OFFSETS, Point.AFTER_COMMIT)
    return found.done == (found.begun if is_between else found.begun - 1)


def _newest(folder: Path) -> int:
    numbers = [int(file.name) for file in folder.iterdir() if file.name.isdigit()] if folder.exists() else []
    return max(numbers, default=-1)


def cut_in_half(file: Path, *, with_checksum: bool) -> None:
    """As a full disk leaves it; `with_checksum`: what would tell that goes too."""
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    if with_checksum:
        file.with_name(f".{file.name}.crc").unlink(missing_ok=True)
