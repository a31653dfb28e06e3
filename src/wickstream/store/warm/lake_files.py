"""What is known of the lake's files: their sha256, and since when."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

import psycopg

_READ = """
SELECT path, size_bytes, row_count, sha256, added_at, noted_at, set_aside_at, partition_rows
FROM lake_files WHERE table_name = %s
"""
_NOTE = """
INSERT INTO lake_files (table_name, path, size_bytes, row_count, sha256, added_at, noted_at, version)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
_SET_ASIDE = """
INSERT INTO lake_files AS held (table_name, path, size_bytes, row_count, added_at, noted_at, version, set_aside_at,
                                partition_rows)
VALUES (%(table)s, %(path)s, %(size)s, %(rows)s, %(added_at)s, %(at)s, 0, %(at)s, %(partition_rows)s)
ON CONFLICT (table_name, path) DO UPDATE
SET set_aside_at = coalesce(held.set_aside_at, excluded.set_aside_at),
    partition_rows = coalesce(held.partition_rows, excluded.partition_rows)
"""
_BROUGHT_BACK = "DELETE FROM lake_files WHERE table_name = %s AND path = %s AND set_aside_at IS NOT NULL"

# Of newer files somebody else's snapshot may know already.
_FORGET = """
DELETE FROM lake_files WHERE table_name = %s AND version <= %s AND set_aside_at IS NULL AND path <> ALL(%s)
"""


class Noted(NamedTuple):
    """What a file was when its sha256 was taken.

    Attributes:
        added_at, noted_at: when it was written, and when this was taken of it: ms, the clocks of the processes.
        sha256: None: nobody noted it before it was set aside.
        set_aside_at: since when it is no part of its table, because it was damaged; its rows are not all back.
        partition_rows: how many its partition had with it.
    """

    path: str
    size_bytes: int
    rows: int
    sha256: str | None
    added_at: int
    noted_at: int
    set_aside_at: int | None = None
    partition_rows: int | None = None


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


def note_set_aside(
    conn: psycopg.Connection,
    table: str,
    path: str,
    *,
    size: int,
    rows: int,
    added_at: int,
    partition_rows: int,
    at: int,
) -> None:
    """It is about to be; of one that was before nothing changes."""
    values = {"table": table, "path": path, "size": size, "rows": rows, "added_at": added_at}
    conn.execute(_SET_ASIDE, values | {"partition_rows": partition_rows, "at": at})


def note_brought_back(conn: psycopg.Connection, table: str, path: str) -> None:
    """All rows of a file that was set aside are in its table again."""
    conn.execute(_BROUGHT_BACK, (table, path))
