"""Where downloaded files lie until they are read; what a killed run left there goes with the next one."""

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NAME = "backfill"
_LOCK = ".lock"  # held by who uses the folder that it lies in, and goes with its process however that ends


@contextmanager
def download_folder(data_dir: Path) -> Iterator[Path]:
    """An empty folder of one's own, for the time of the block; others may have theirs at the same time."""
    root = data_dir / _NAME
    root.mkdir(parents=True, exist_ok=True)
    with (root / _LOCK).open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # nobody removes a folder between its making and its lock
        _remove_orphans(root)
        made = tempfile.TemporaryDirectory(dir=root)
        held = (Path(made.name) / _LOCK).open("w")
        fcntl.flock(held, fcntl.LOCK_EX)
    with made, held:
        yield Path(made.name)


def _remove_orphans(root: Path) -> None:
    for folder in filter(Path.is_dir, root.iterdir()):
        with (folder / _LOCK).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue  # somebody's
            shutil.rmtree(folder)
