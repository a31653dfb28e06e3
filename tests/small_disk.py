"""A disk that is soon full: a file system of its own, of some megabytes, where this machine lets us mount one."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.running import wait_until

FULL = "No space left on device"
TOLD_WITHIN_S = 30.0

_PIECE = bytes(1 << 16)


class SmallDisk:
    """A folder whose space can be taken, and given back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self) -> None:
        """To the last byte."""
        with self._filler.open("ab", buffering=0) as filler:
            piece = _PIECE
            while piece:
                try:
                    filler.write(piece)
                except OSError:
                    piece = piece[: len(piece) // 2]

    def leave(self, share: float) -> None:
        """Take all but this share of it."""
        disk = shutil.disk_usage(self.folder)
        with self._filler.open("ab", buffering=0) as filler:
            for _ in range(int(disk.free - share * disk.total) // len(_PIECE)):
                filler.write(_PIECE)

    def free(self) -> None:
        """As somebody who tidies up."""
        self._filler.unlink()


@contextmanager
def small_disk(folder: Path, *, megabytes: int) -> Iterator[SmallDisk]:
    """In `folder`, which is made, for the time of the block; skips the test where that is not allowed."""
    folder.mkdir(parents=True)
    options = f"size={megabytes}m,mode=0755"
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"a disk is filled only where a small one can be mounted (as root): {done.stderr.strip()}")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def until_told(log: Path, words: str = FULL) -> float:
    """Wait until the log says it; returns the seconds it took."""
    began_s = time.monotonic()
    wait_until(lambda: words in log.read_text(), deadline_s=TOLD_WITHIN_S, what=f"{words!r} in {log.name}")
    return round(time.monotonic() - began_s, 1)
