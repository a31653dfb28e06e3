"""Where the writer goes on, as the database itself says it."""

from collections.abc import Mapping

import psycopg

_UPSERT = """
INSERT INTO offsets AS held VALUES (%s, %s)
ON CONFLICT (name) DO UPDATE SET next_offset = excluded.next_offset WHERE held.next_offset <> excluded.next_offset
"""
_READ = "SELECT name, next_offset FROM offsets"
_IS_FILLED = "SELECT EXISTS (SELECT FROM marks) OR EXISTS (SELECT FROM candles) OR EXISTS (SELECT FROM starts)"


def move_offsets(conn: psycopg.Connection, offsets: Mapping[str, int]) -> None:
    """In the transaction that stores what lies before them."""
    if offsets:
        conn.cursor().executemany(_UPSERT, sorted(offsets.items()))


def read_offsets(conn: psycopg.Connection) -> dict[str, int] | None:
    """By name; None: rows are there, of a version that did not keep any."""
    rows: list[tuple[str, int]] = conn.execute(_READ).fetchall()
    if rows:
        return dict(rows)
    ((is_filled,),) = conn.execute(_IS_FILLED).fetchall()
    return None if is_filled else {}
