"""The files that a table of the lake consists of, as its log names them, and the store they lie in."""

import hashlib
from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

from deltalake import DeltaTable

# What delta-rs itself reads and writes files with, in a folder or on S3. Its public wrapper needs pyarrow, and any
# other library that can do both would be one more.
from deltalake._internal import DeltaFileSystemHandler

ASIDE = "_set_aside"  # readers and vacuum pass over what begins so

_AT_ONCE = 8 << 20
_TIMES = ("open_time", "traded_at_ms", "at")  # by which rows lie in time, whatever the table


class LakeFile(NamedTuple):
    """One file.

    Attributes:
        path: below the table's own place; its folder names the partition, as in `month=2024-08/…`.
        added_at: when it was written: ms, the clock of who did.
        first_ms, last_ms: times of its oldest and newest row; None: the log does not say.
    """

    path: str
    size_bytes: int
    rows: int
    added_at: int
    first_ms: int | None = None
    last_ms: int | None = None

    @property
    def partition(self) -> str:
        """As in 2024-08."""
        return partition_of(self.path)

    def may_hold(self, first_ms: int, last_ms: int) -> bool:
        """Tell whether a row of it may lie in this time."""
        if self.first_ms is None or self.last_ms is None:
            return True
        return self.first_ms <= last_ms and first_ms <= self.last_ms


def partition_of(path: str) -> str:
    """As in 2024-08."""
    return path.partition("/")[0].partition("=")[2]


def files_of(table: DeltaTable) -> list[LakeFile]:
    """Those of the snapshot that is in hand."""
    told = table.get_add_actions(flatten=True)
    names = set(told.schema.names)
    time = next((name for name in _TIMES if f"min.{name}" in names), None)
    columns = ["path", "size_bytes", "num_records", "modification_time"]
    columns += [f"min.{time}", f"max.{time}"] if time else []
    rows: Iterable[tuple[object, ...]] = zip(*(told.column(name).to_pylist() for name in columns), strict=True)
    return [LakeFile(*row)._replace(rows=row[2] or 0) for row in rows]  # type: ignore[arg-type]


class FileStore:
    """Where a table's files lie. What fails does so with what `lake.TROUBLE` names."""

    def __init__(self, url: str, options: dict[str, str]) -> None:
        self._url = url
        self._options = options

    @cached_property
    def _handler(self) -> DeltaFileSystemHandler:
        """Made when it is needed: it makes the folder."""
        return DeltaFileSystemHandler(self._url, self._options)

    def sha256(self, path: str) -> str:
        """Of the file as it is now.

        Raises:
            FileNotFoundError: If it is gone.
        """
        digest, file = hashlib.sha256(), self._handler.open_input_file(path)
        while block := file.read(_AT_ONCE):
            digest.update(block)
        return digest.hexdigest()

    def exists(self, path: str) -> bool:
        """Tell whether the file is there."""
        try:
            self._handler.open_input_file(path)
        except FileNotFoundError:
            return False
        return True

    def set_aside(self, path: str) -> str:
        """Move a file out of its table's sight; tells where to. Again, after it was cut off, it goes on."""
        aside = f"{ASIDE}/{path}"
        try:
            self._handler.copy_file(path, aside)
            self._handler.delete_file(path)
        except FileNotFoundError:
            pass  # it was moved before, or is gone altogether
        return aside
