"""What is known of the lake's files: their sha256, and since when."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

import psycopg

_READ = (
    "SELECT path, size_bytes, row_count, sha256, added_at, noted_at, set_aside_at FROM lake_files WHERE table_name = %s"
)
_NOTE = """
INSERT INTO lake_files (table_name, path, size_bytes, row_count, sha256, added_at, noted_at, version)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
# Of newer files somebody else's snapshot may know already.
_FORGET = """
DELETE FROM lake_files WHERE table_name = %s AND version <= %s AND set_aside_at IS NULL AND path <> ALL(%s)
"""


class Noted(NamedTuple):
    """What a file was when its sha256 was taken.

    Attributes:
        added_at, noted_at: when it was written, and when this was taken of it: ms, the clocks of the processes.
        set_aside_at: since when it is no part of its table, because it was damaged; its rows are not all back.
    """

    path: str
    size_bytes: int
    rows: int
    sha256: str
    added_at: int
    noted_at: int
    set_aside_at: int | None = None


def noted_files(conn: psycopg.Connection, table: str) -> dict[str, Noted]:
    """All that is known of this table's files, by their paths."""
    return {row[0]: Noted(*row) for row in conn.execute(_READ, (table,)).fetchall()}


def note_files(conn: psycopg.Connection, table: str, files: Iterable[Noted], *, version: int) -> None:
    """Of a file that is known nothing changes: the first word on it stands."""
    rows = [(table, *file[:6], version) for file in sorted(files)]
    if rows:
        conn.cursor().executemany(_NOTE, rows)


def forget_files(conn: psycopg.Connection, table: str, *, besides: Collection[str], version: int) -> None:
    """The table is of these files as of that version: others are gone."""
    conn.execute(_FORGET, (table, version, list(besides)))
