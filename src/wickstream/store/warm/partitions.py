"""Partitions by month (UTC) of what grows with time: made before they are written to, and dropped as a whole."""

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum

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


# Asked of functions and not of pg_inherits: a transaction that waited for the lock may read that as it was before.
# Of a table that is half detached the root is the table itself.
_STATE = """
SELECT to_regclass(%(name)s)::oid, pg_partition_root(to_regclass(%(name)s))::oid
"""


class State(StrEnum):
    """What became of a month's table."""

    ABSENT = "absent"
    ATTACHED = "attached"
    HALF_DETACHED = "half detached"  # whoever detached it was cut off; nobody reads or writes it through its parent
    DETACHED = "detached"  # a table of its own, until it is dropped


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


def name_of(table: str, month_ms: int) -> str:
    """What the partition of the month that opens at `month_ms` is called."""
    return f"{table}_{datetime.fromtimestamp(month_ms / 1_000, UTC):%Y_%m}"


def lock_name(month_ms: int) -> str:
    """Who makes a month's partitions, or takes them away, holds the advisory lock of `hashtext` of this."""
    return name_of("candles", month_ms)


def state_of(conn: psycopg.Connection, name: str) -> State:
    """Of a partition by its name."""
    ((table, root),) = conn.execute(_STATE, {"name": name}).fetchall()
    if root is None:
        return State.ABSENT if table is None else State.DETACHED
    return State.HALF_DETACHED if root == table else State.ATTACHED


def make_partitions(conn: psycopg.Connection, month_ms: int) -> None:
    """Of each table that of the month that opens at `month_ms`, if it is not there yet.

    What was detached, and not dropped, is attached again: whoever was to drop it may never come.
    """
    with conn.transaction():
        # Two writers may meet a new month at once; the lock ends with the transaction.
        conn.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (lock_name(month_ms),))
        for table, percent in BY_MONTH.items():
            name = name_of(table, month_ms)
            match state_of(conn, name):
                case State.ABSENT:
                    _make(conn, name, table, percent)
                    attach(conn, table, month_ms)
                case State.HALF_DETACHED:
                    finish_detaching(conn, table, month_ms)
                    attach(conn, table, month_ms)
                case State.DETACHED:
                    attach(conn, table, month_ms)


def attach(conn: psycopg.Connection, table: str, month_ms: int) -> None:
    """Let a month's table be a partition of `table`."""
    conn.execute(
        sql.SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
            sql.Identifier(table),
            sql.Identifier(name_of(table, month_ms)),
            sql.Literal(month_ms),
            sql.Literal(window_end(month_ms, "1M")),
        )
    )


def finish_detaching(conn: psycopg.Connection, table: str, month_ms: int) -> None:
    """Of what is half detached; may wait for readers of the whole table."""
    partition = sql.Identifier(name_of(table, month_ms))
    conn.execute(sql.SQL("ALTER TABLE {} DETACH PARTITION {} FINALIZE").format(sql.Identifier(table), partition))


def _make(conn: psycopg.Connection, name: str, table: str, percent: int) -> None:
    """To be attached, and not made in place, which would lock the readers of all other months out."""
    conn.execute(
        sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL) WITH (fillfactor = {})").format(
            sql.Identifier(name), sql.Identifier(table), sql.Literal(percent)
        )
    )
