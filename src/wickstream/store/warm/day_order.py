"""A symbol's day of candles in one place: rows come minute by minute over all symbols, and are read symbol by symbol.

As they come, a symbol's day lies in as many pages as it has minutes. Once the day is over its rows are written again,
one behind the other, by a transaction that takes row locks only: readers see the one or the other, and a writer that
wants one of the rows waits, fails with a conflict, and tries again.
"""

from collections.abc import Sequence

import psycopg
import stamina
from psycopg import sql

from wickstream.candle import Candle
from wickstream.events import DAY_MS, MINUTE_MS
from wickstream.store.warm.database import is_conflict

# Of a quarter of an hour. In order it lies in two pages, a repaired minute perhaps in another; of a dozen symbols, as
# they come, in five.
MOST_PAGES = 4

# What is asked of a day is four quarters of an hour: a day is moved as a whole, and so much tells of its neighbours.
# Nothing has to be noted, and to ask costs a tenth of reading all.
_SCATTERED = """
SELECT s.symbol
FROM unnest(%(symbols)s::text[]) AS s (symbol)
WHERE EXISTS (
    SELECT FROM unnest(%(quarters)s::bigint[]) AS q (opens)
    WHERE %(most)s < (
        SELECT count(DISTINCT (ctid::text::point)[0]) FROM candles
        WHERE symbol = s.symbol AND "interval" = '1m' AND open_time BETWEEN q.opens AND q.opens + %(width)s
    )
)
ORDER BY s.symbol
"""
_QUARTER_MS = 15 * MINUTE_MS
_QUARTERS_AT_MS = tuple(hour * 60 * MINUTE_MS for hour in (2, 8, 14, 20))

_DEAD = """
SELECT coalesce(max(n_dead_tup), 0), coalesce(max(n_live_tup), 0) FROM pg_stat_user_tables
WHERE relid = to_regclass(%s)
"""

_MOVE = sql.SQL(
    """
WITH moved AS (
    DELETE FROM candles WHERE symbol = %s AND "interval" = '1m' AND open_time BETWEEN %s AND %s RETURNING {columns}
)
INSERT INTO candles ({columns}) SELECT {columns} FROM moved ORDER BY open_time
"""
).format(columns=sql.SQL(", ").join(map(sql.Identifier, Candle.__struct_fields__)))


def scattered_symbols(conn: psycopg.Connection, symbols: Sequence[str], day_ms: int) -> list[str]:
    """Those whose rows of the day that opens at `day_ms` lie here and there."""
    quarters = [day_ms + at_ms for at_ms in _QUARTERS_AT_MS]
    values = {"symbols": list(symbols), "quarters": quarters, "most": MOST_PAGES, "width": _QUARTER_MS - MINUTE_MS}
    return [row[0] for row in conn.execute(_SCATTERED, values).fetchall()]


@stamina.retry(on=is_conflict, attempts=8, timeout=30.0, wait_initial=0.01, wait_max=0.5)
def put_in_order(conn: psycopg.Connection, symbol: str, day_ms: int) -> int:
    """Write a symbol's day anew, of a connection that commits by itself; returns how many rows that were."""
    with conn.transaction():
        return conn.execute(_MOVE, (symbol, day_ms, day_ms + DAY_MS - MINUTE_MS)).rowcount


def dead_share(conn: psycopg.Connection, partition: str) -> float:
    """How many of its rows, of all, are dead: moved away, or updated, and not cleared away yet."""
    conn.execute("SELECT pg_stat_force_next_flush()")  # what this connection did would be told of a second later
    ((dead, live),) = conn.execute(_DEAD, (partition,)).fetchall()
    return int(dead) / max(1, int(live) + int(dead))


def free_space(conn: psycopg.Connection, partition: str) -> None:
    """Let what was moved away be written over; the file keeps its length, because to cut it locks all others out."""
    conn.execute(sql.SQL("VACUUM (TRUNCATE false) {}").format(sql.Identifier(partition)))
