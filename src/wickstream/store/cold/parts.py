"""What a table of the lake is made of: months, or days, and whether their files are in order."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from deltalake import DeltaTable, Transaction

from wickstream.store.cold.files import LakeFile, files_of


@dataclass(frozen=True)
class Part:
    """The rows of one month, or day, as of one commit.

    Attributes:
        value: of the column that the table is partitioned by.
        is_in_order: its files are those that were written in order last.
    """

    value: str
    files: int
    rows: int
    size_bytes: int
    is_in_order: bool


def parts_of(table: DeltaTable) -> list[Part]:
    """All of them, in order of their values."""
    files: defaultdict[str, list[LakeFile]] = defaultdict(list)
    for file in files_of(table):
        files[file.partition].append(file)
    return [
        Part(
            value=value,
            files=len(held),
            rows=sum(file.rows for file in held),
            size_bytes=sum(file.size_bytes for file in held),
            is_in_order=table.transaction_version(_name(value)) == _fingerprint(held),
        )
        for value, held in sorted(files.items())
    ]


def in_order(table: DeltaTable, part: str) -> Transaction:
    """What a table has to say, so that the files of a part, as they are now, count as in order."""
    return Transaction(_name(part), _fingerprint(file for file in files_of(table) if file.partition == part))


def _name(part: str) -> str:
    return f"in-order/{part}"


def _fingerprint(files: Iterable[LakeFile]) -> int:
    """Which they are: 62 bits of a hash, because that is what a table says of itself, a number to a name."""
    digest = hashlib.blake2b("\n".join(sorted(file.path for file in files)).encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 2
