"""Months of the warm tier that go away as a whole: which there are, and how they are detached and dropped.

A partition is first *detached*, which locks nobody out, and is a table of its own then that nobody writes to: what it
holds can be looked at a last time. Killed anywhere between, the next run finds it as it is: half detached, or detached.
A writer that needs such a month attaches it again (`partitions`).
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NamedTuple

import psycopg
from psycopg import sql

from wickstream.store.warm.partitions import State, attach, finish_detaching, lock_name, name_of, state_of

# Revisions first: as long as they stood without the candles, they would answer for them with what was overtaken.
TABLES = ("candle_revisions", "marks", "candles")

WAITS_MS = 300_000  # for those who read the whole table when a partition is detached; the next run finishes it

_NAMES = """
SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
  AND relname ~ '^(candles|candle_revisions|marks)_[0-9]{4}_[0-9]{2}$'
"""
_SYMBOLS = """
WITH RECURSIVE found AS (
    (SELECT symbol FROM {0} ORDER BY symbol LIMIT 1)
    UNION ALL
    SELECT (SELECT symbol FROM {0} WHERE symbol > found.symbol ORDER BY symbol LIMIT 1)
    FROM found WHERE found.symbol IS NOT NULL
)
SELECT symbol FROM found WHERE symbol IS NOT NULL
"""
_NEWEST = """
SELECT max(newest.open_time)
FROM unnest(%s::text[]) AS s (symbol), LATERAL (
    SELECT open_time FROM candles AS c
    WHERE c.symbol = s.symbol AND c."interval" = '1m' AND c.closed AND open_time >= %s ORDER BY open_time DESC LIMIT 1
) AS newest
"""
_SUMS = """
SELECT symbol, count(*), count(*) FILTER (WHERE closed), sum(revision)::bigint, sum(trade_count)::bigint,
       sum(published_at)::bigint
FROM {} GROUP BY symbol ORDER BY symbol
"""


class Sums(NamedTuple):
    """Of a symbol's rows: none of them changes without one of these, for a larger version is published later."""

    rows: int
    closed: int
    revisions: int
    trades: int
    published_at: int


def months_of(conn: psycopg.Connection) -> list[int]:
    """Open times (ms) of the months of which there is a table, attached or not, in order."""
    named = (re.search(r"([0-9]{4})_([0-9]{2})$", name) for (name,) in conn.execute(_NAMES).fetchall())
    opened = {datetime(int(found[1]), int(found[2]), 1, tzinfo=UTC) for found in named if found}
    return sorted(int(month.timestamp()) * 1_000 for month in opened)


def attached_months(conn: psycopg.Connection) -> list[int]:
    """Those of which candles are read and written, in order."""
    return [month for month in months_of(conn) if state_of(conn, name_of("candles", month)) is State.ATTACHED]


def newest_closed(conn: psycopg.Connection) -> int | None:
    """Open time (ms) of the newest closed candle of all; None if there is none."""
    for month_ms in reversed(attached_months(conn)):
        ((newest,),) = conn.execute(_NEWEST, (symbols_of(conn, month_ms), month_ms)).fetchall()
        if newest is not None:
            return int(newest)
    return None


def symbols_of(conn: psycopg.Connection, month_ms: int) -> list[str]:
    """Those that have candles in a month of which there is a table, in order."""
    table = sql.Identifier(name_of("candles", month_ms))
    return [row[0] for row in conn.execute(sql.SQL(_SYMBOLS).format(table)).fetchall()]


def sums_of(conn: psycopg.Connection, month_ms: int) -> dict[str, Sums]:
    """Of each symbol's candles, in order of symbols; none if there is no such table."""
    name = name_of("candles", month_ms)
    if state_of(conn, name) is State.ABSENT:
        return {}
    rows = conn.execute(sql.SQL(_SUMS).format(sql.Identifier(name))).fetchall()
    return {symbol: Sums(*sums) for symbol, *sums in rows}


@contextmanager
def held_back(conn: psycopg.Connection, month_ms: int) -> Iterator[None]:
    """Whoever wants to make, or to attach, this month's partitions waits for the end of the block."""
    conn.execute("SELECT pg_advisory_lock(hashtext(%s))", (lock_name(month_ms),))
    try:
        yield
    finally:
        conn.execute("SELECT pg_advisory_unlock(hashtext(%s))", (lock_name(month_ms),))


def detach_month(conn: psycopg.Connection, month_ms: int) -> None:
    """Let its tables be partitions no more; those that are not attached stay as they are."""
    conn.execute("SELECT set_config('statement_timeout', %s, false)", (str(WAITS_MS),))
    for table in TABLES:
        name = name_of(table, month_ms)
        match state_of(conn, name):
            case State.ATTACHED:
                detaching = sql.SQL("ALTER TABLE {} DETACH PARTITION {} CONCURRENTLY")
                conn.execute(detaching.format(sql.Identifier(table), sql.Identifier(name)))
            case State.HALF_DETACHED:
                finish_detaching(conn, table, month_ms)
    conn.execute("SELECT set_config('statement_timeout', '0', false)")


def attach_month(conn: psycopg.Connection, month_ms: int) -> None:
    """Its tables are partitions again, whatever became of them."""
    for table in TABLES:
        state = state_of(conn, name_of(table, month_ms))
        if state is State.HALF_DETACHED:
            finish_detaching(conn, table, month_ms)
        if state in (State.HALF_DETACHED, State.DETACHED):
            attach(conn, table, month_ms)


def drop_month(conn: psycopg.Connection, month_ms: int) -> None:
    """Its detached tables are gone."""
    for table in TABLES:
        name = name_of(table, month_ms)
        if state_of(conn, name) is State.DETACHED:
            conn.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))
