"""Partitions by month (UTC) of what grows with time: made before they are written to, and dropped as a whole."""

from collections.abc import Iterable
from datetime import UTC, datetime

import psycopg
from psycopg import sql

from wickstream.candle import window_end, window_start

# How full pages are made, in percent. Room is left beside candles because an open one is rewritten every second: such
# an update then touches no index.
BY_MONTH = {"candles": 70, "candle_revisions": 100, "marks": 100}


OLDEST_MONTH = """
SELECT min(right(relname, 7)) FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE inhparent = 'candles'::regclass
"""


def month_start(month: str) -> int:
    """When it opens (ms); `month` as in the name of its partition, 2024_08."""
    return int(datetime.strptime(month, "%Y_%m").replace(tzinfo=UTC).timestamp()) * 1_000


class Months:
    """Those whose partitions are known to be there, in the eyes of one connection."""

    def __init__(self) -> None:
        self._made: set[int] = set()

    def make(self, conn: psycopg.Connection, times_ms: Iterable[int]) -> None:
        """The partitions that rows of these times need, if they are not there yet."""
        for month in sorted({window_start(time_ms, "1M") for time_ms in times_ms} - self._made):
            make_partitions(conn, month)
            self._made.add(month)

    def forget(self) -> None:
        """Look for them anew."""
        self._made.clear()


def make_partitions(conn: psycopg.Connection, month_ms: int) -> None:
    """Of each table that of the month that opens at `month_ms`, if it is not there yet."""
    month = f"{datetime.fromtimestamp(month_ms / 1_000, UTC):%Y_%m}"
    with conn.transaction():
        # Two writers may meet a new month at once; the lock ends with the transaction.
        conn.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"candles_{month}",))
        for table, percent in BY_MONTH.items():
            name = f"{table}_{month}"
            if conn.execute("SELECT to_regclass(%s)", (name,)).fetchone() == (None,):
                _make(conn, table, name, month_ms, percent)


def _make(conn: psycopg.Connection, table: str, name: str, month_ms: int, percent: int) -> None:
    """Attached and not made in place, which would lock the readers of all other months out."""
    partition, parent = sql.Identifier(name), sql.Identifier(table)
    conn.execute(
        sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL) WITH (fillfactor = {})").format(
            partition, parent, sql.Literal(percent)
        )
    )
    conn.execute(
        sql.SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
            parent, partition, sql.Literal(month_ms), sql.Literal(window_end(month_ms, "1M"))
        )
    )
