"""The files that a table of the lake consists of, as its log names them, and the store they lie in."""

import hashlib
from functools import cached_property
from typing import NamedTuple

from deltalake import DeltaTable

# What delta-rs itself reads and writes files with, in a folder or on S3. Its public wrapper needs pyarrow, and any
# other library that can do both would be one more.
from deltalake._internal import DeltaFileSystemHandler

ASIDE = "_set_aside"  # readers and vacuum pass over what begins so

_AT_ONCE = 8 << 20


class LakeFile(NamedTuple):
    """One file.

    Attributes:
        path: below the table's own place; its folder names the partition, as in `month=2024-08/…`.
        added_at: when it was written: ms, the clock of who did.
    """

    path: str
    size_bytes: int
    rows: int
    added_at: int

    @property
    def partition(self) -> str:
        """As in 2024-08."""
        return self.path.partition("/")[0].partition("=")[2]


def files_of(table: DeltaTable) -> list[LakeFile]:
    """Those of the snapshot that is in hand."""
    told = table.get_add_actions(flatten=True)
    names = ("path", "size_bytes", "num_records", "modification_time")
    rows = zip(*(told.column(name).to_pylist() for name in names), strict=True)
    return [LakeFile(path, size, count or 0, added_at) for path, size, count, added_at in rows]


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

    def set_aside(self, path: str) -> str:
        """Move a file out of its table's sight; tells where to. Again, after it was cut off, it goes on."""
        aside = f"{ASIDE}/{path}"
        try:
            self._handler.copy_file(path, aside)
            self._handler.delete_file(path)
        except FileNotFoundError:
            pass  # it was moved before, or is gone altogether
        return aside
