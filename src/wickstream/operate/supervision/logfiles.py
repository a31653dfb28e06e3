"""Log files of supervised processes: a few old ones kept, and none that grows without end."""

import os
import shutil
from pathlib import Path
from typing import BinaryIO

KEPT = 3
LIMIT_BYTES = 20 * 1024 * 1024


def rotate(log: Path) -> None:
    """`x.log` becomes `x.log.1`, that one `x.log.2`, and the oldest goes."""
    for age in range(KEPT - 1, 0, -1):
        older = log.with_name(f"{log.name}.{age}")
        if older.exists():
            older.replace(log.with_name(f"{log.name}.{age + 1}"))
    if log.exists() and log.stat().st_size:
        log.replace(log.with_name(f"{log.name}.1"))


def open_log(log: Path) -> BinaryIO:
    """The log, appending, so that `trim` may cut it under a running writer."""
    return log.open("ab", buffering=0)


def trim(log: Path, limit: int = LIMIT_BYTES) -> None:
    """Move what is written so far to `x.log.1` once it is over `limit` bytes; lines written meanwhile may be lost."""
    if log.exists() and log.stat().st_size > limit:
        shutil.copyfile(log, log.with_name(f"{log.name}.1"))
        os.truncate(log, 0)


def last_lines(log: Path, count: int = 1) -> str:
    """The last lines that say something, for an error message."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 8_192))
        lines = file.read().decode(errors="replace").splitlines()
    return "\n".join([line.strip() for line in lines if line.strip()][-count:])
