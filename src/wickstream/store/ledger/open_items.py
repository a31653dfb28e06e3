"""The table of open items: what the books ask of it, and what they write into it."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import psycopg

from wickstream.store.ledger.bookkeeping import Held, Hole, Item, Marked
from wickstream.store.warm.marks import NOW_MS

Key = tuple[str, int]

# `LATERAL … LIMIT 1`: by the key of each item, whatever the planner believes of how many there are.
_ITEMS = """
SELECT u.symbol, u.open_time, u.noted_at, u.found_at IS NOT NULL,
       m.trade_count, m.first_trade_id, m.last_trade_id,
       c.closed, c.revision, c.trade_count, c.first_trade_id, c.last_trade_id, before.open_time
FROM (
    SELECT * FROM unproven WHERE kind = 'unclosed' AND (symbol, open_time) > (%s, %s)
    ORDER BY symbol, open_time LIMIT %s
) AS u
LEFT JOIN LATERAL (
    SELECT * FROM marks WHERE symbol = u.symbol AND open_time = u.open_time LIMIT 1
) AS m ON true
LEFT JOIN LATERAL (
    SELECT * FROM candles WHERE symbol = u.symbol AND "interval" = '1m' AND open_time = u.open_time LIMIT 1
) AS c ON true
LEFT JOIN LATERAL (
    SELECT open_time FROM marks WHERE symbol = u.symbol AND open_time < u.open_time ORDER BY open_time DESC LIMIT 1
) AS before ON true
ORDER BY u.symbol, u.open_time
"""

_SETTLE = """
DELETE FROM unproven AS u USING unnest(%s::text[], %s::bigint[], %s::bigint[]) AS s (symbol, open_time, noted_at)
WHERE u.kind = 'unclosed' AND (u.symbol, u.open_time, u.noted_at) = (s.symbol, s.open_time, s.noted_at)
"""

_FIND = """
UPDATE unproven AS u SET found_at = %s FROM unnest(%s::text[], %s::bigint[]) AS f (symbol, open_time)
WHERE u.kind = 'unclosed' AND (u.symbol, u.open_time) = (f.symbol, f.open_time)
"""

_NOTE_HOLE = """
INSERT INTO unproven (kind, symbol, open_time, last_open_time, minutes, noted_at)
VALUES ('unmarked', %s, %s, %s, %s, %s)
ON CONFLICT (kind, symbol, open_time) DO NOTHING
"""

# Minutes of a hole that need no mark any more: their candle is the exchange's own, or they were halted. None of it is
# missing where a connector began anew between the two marks: nobody followed the symbol.
_HOLES = """
SELECT u.symbol, u.open_time, u.last_open_time, u.found_at IS NOT NULL, (
    SELECT count(*) FROM (
        SELECT open_time FROM candles WHERE symbol = u.symbol AND "interval" = '1m' AND closed
            AND (revision > 0 OR origin = 'trades') AND open_time BETWEEN u.open_time AND u.last_open_time
        UNION
        SELECT open_time FROM gaps WHERE symbol = u.symbol AND first_trade_id IS NULL AND status = 'halted'
            AND open_time BETWEEN u.open_time AND u.last_open_time
        UNION
        SELECT open_time FROM marks WHERE symbol = u.symbol AND open_time BETWEEN u.open_time AND u.last_open_time
    ) AS settled
), EXISTS (
    SELECT FROM starts AS s, marks AS before, marks AS after
    WHERE s.symbol = u.symbol AND before.symbol = u.symbol AND after.symbol = u.symbol
        AND before.open_time = u.open_time - 60000 AND after.open_time = u.last_open_time + 60000
        AND s.first_trade_id BETWEEN before.next_trade_id AND after.first_trade_id
)
FROM unproven AS u
WHERE u.kind = 'unmarked' AND (u.symbol, u.open_time) > (%s, %s) AND u.noted_at <= %s
ORDER BY u.symbol, u.open_time LIMIT %s
"""

_CLOSE_HOLE = "DELETE FROM unproven WHERE kind = 'unmarked' AND symbol = %s AND open_time = %s"
_KEEP_HOLE = """
UPDATE unproven SET minutes = %s, found_at = coalesce(found_at, %s)
WHERE kind = 'unmarked' AND symbol = %s AND open_time = %s
"""

_TOTAL = "SELECT coalesce(sum(minutes), 0)::bigint FROM unproven WHERE found_at IS NOT NULL"


class OpenHole(NamedTuple):
    """A hole as it stands: how many of its minutes lack proof; none where nobody followed the symbol."""

    hole: Hole
    left: int
    is_found: bool


def now_ms(conn: psycopg.Connection) -> int:
    """The database's clock."""
    ((now,),) = conn.execute(f"SELECT {NOW_MS}").fetchall()
    return int(now)


def items_after(conn: psycopg.Connection, key: Key, *, limit: int) -> list[Item]:
    """The next ones by symbol and time, with what both books say of them now."""
    return [_item(row) for row in conn.execute(_ITEMS, (*key, limit)).fetchall()]


def _item(row: tuple[Any, ...]) -> Item:
    symbol, open_time, noted_at, is_found, *books, before = row
    marked = None if books[0] is None else Marked(*books[:3])
    held = None if books[3] is None else Held(*books[3:])
    return Item(symbol, open_time, noted_at, is_found, marked, held, before)


def settle(conn: psycopg.Connection, settled: Sequence[Item]) -> None:
    """Take them off the table, but for those whose mark came again meanwhile."""
    if settled:
        columns = zip(*((item.symbol, item.open_time, item.noted_at) for item in settled), strict=True)
        conn.execute(_SETTLE, [list(column) for column in columns])


def find(conn: psycopg.Connection, found: Sequence[Item], *, at_ms: int) -> None:
    """From now on they count as unproven."""
    if found:
        conn.execute(_FIND, (at_ms, [item.symbol for item in found], [item.open_time for item in found]))


def note_holes(conn: psycopg.Connection, found: Iterable[Hole], *, at_ms: int) -> None:
    """Each is an open item, if it was none."""
    rows = [(*hole, hole.minutes, at_ms) for hole in found]
    if rows:
        conn.cursor().executemany(_NOTE_HOLE, rows)


def holes_after(conn: psycopg.Connection, key: Key, *, noted_by_ms: int, limit: int) -> list[OpenHole]:
    """The next ones by symbol and time, of those that had their time."""
    rows = conn.execute(_HOLES, (*key, noted_by_ms, limit)).fetchall()
    return [_open_hole(Hole(*row[:3]), *row[3:]) for row in rows]


def _open_hole(hole: Hole, is_found: bool, settled: int, nobody_followed: bool) -> OpenHole:  # noqa: FBT001
    return OpenHole(hole, 0 if nobody_followed else hole.minutes - settled, is_found)


def update_hole(conn: psycopg.Connection, state: OpenHole, *, at_ms: int) -> None:
    """Keep what is left of it in mind, or forget it."""
    if state.left:
        conn.execute(_KEEP_HOLE, (state.left, at_ms, *state.hole[:2]))
    else:
        conn.execute(_CLOSE_HOLE, state.hole[:2])


def minutes_found(conn: psycopg.Connection) -> int:
    """All that count as unproven."""
    ((minutes,),) = conn.execute(_TOTAL).fetchall()
    return int(minutes)
