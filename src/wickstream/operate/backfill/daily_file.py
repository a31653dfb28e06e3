"""A zip of the archive, read as a stream: a busy day has a gigabyte."""

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from wickstream.binance.archive import is_header
from wickstream.errors import Corrupted

_LINES_BYTES = 1 << 20
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, IndexError, NotImplementedError)


def lines_of(zipped: Path) -> Iterator[bytes]:
    """Each line, without the names of columns that some files begin with.

    Raises:
        Corrupted: If it is no zip of one file.
    """
    for block in blocks_of(zipped, size=_LINES_BYTES):
        yield from block.splitlines()


def blocks_of(zipped: Path, *, size: int) -> Iterator[bytes]:
    """Whole lines, about so many bytes of them at a time; otherwise as `lines_of`."""
    try:
        with zipfile.ZipFile(zipped) as archive, archive.open(archive.namelist()[0]) as rows:
            first = rows.readline()
            block = b"" if is_header(first) else first
            while more := rows.read(size):
                yield block + more + rows.readline()
                block = b""
            if block:
                yield block
    except _BROKEN as exc:
        raise Corrupted(f"{zipped.name}: {exc}") from exc
