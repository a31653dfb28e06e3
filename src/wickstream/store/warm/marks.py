"""Marks in PostgreSQL: each comes into the ledger as an open item with the transaction that stores it."""

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg

from wickstream.candle import Candle
from wickstream.events import Mark


class PublishedMark(Mark, frozen=True):
    """A mark, and when what it tells of was published: ms, by producers' clocks."""

    since: int | None = None  # trades from its `next_trade_id` on: then or later
    written_at: int | None = None  # itself: its trades were published by then


NOW_MS = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"

_UPSERT_MARK = """
INSERT INTO marks AS held (symbol, open_time, first_trade_id, last_trade_id, trade_count, id_sum, id_hash, close,
                           next_trade_id, since, written_at)
VALUES (%(symbol)s, %(open_time)s, %(first_trade_id)s, %(last_trade_id)s, %(trade_count)s, %(id_sum)s, %(id_hash)s,
        %(close)s, %(next_trade_id)s, %(since)s, %(written_at)s)
ON CONFLICT (symbol, open_time) DO UPDATE
SET first_trade_id = excluded.first_trade_id, last_trade_id = excluded.last_trade_id,
    trade_count = excluded.trade_count, id_sum = excluded.id_sum, id_hash = excluded.id_hash, close = excluded.close,
    next_trade_id = excluded.next_trade_id, since = excluded.since, written_at = excluded.written_at
WHERE excluded.trade_count > held.trade_count
"""

_REPLACE = """
UPDATE marks SET first_trade_id = %(first_trade_id)s, last_trade_id = %(last_trade_id)s, trade_count = %(trade_count)s,
    id_sum = %(id_sum)s, id_hash = %(id_hash)s, close = %(close)s, next_trade_id = %(next_trade_id)s
WHERE symbol = %(symbol)s AND open_time = %(open_time)s
"""

_NOTE = f"""
INSERT INTO unproven (kind, symbol, open_time, last_open_time, minutes, noted_at)
SELECT 'unclosed', symbol, open_time, open_time, 1, {NOW_MS}
FROM unnest(%s::text[], %s::bigint[]) AS o (symbol, open_time) ORDER BY symbol, open_time
ON CONFLICT (kind, symbol, open_time) DO UPDATE SET noted_at = excluded.noted_at
"""  # noqa: S608 - no value is part of it

_NOTE_REVISED = f"""
INSERT INTO unproven (kind, symbol, open_time, last_open_time, minutes, noted_at)
SELECT 'unclosed', symbol, open_time, open_time, 1, {NOW_MS}
FROM unnest(%s::text[], %s::bigint[]) AS o (symbol, open_time) JOIN marks USING (symbol, open_time)
ORDER BY symbol, open_time
ON CONFLICT (kind, symbol, open_time) DO UPDATE SET noted_at = excluded.noted_at
"""  # noqa: S608


def upsert_marks(conn: psycopg.Connection, marks: Iterable[Mark]) -> None:
    """Store the marks; of two of a minute the one with the larger count stays. Each minute is to be proven now."""
    ordered = sorted(marks, key=lambda mark: (mark.symbol, mark.open_time, mark.trade_count))
    if ordered:
        conn.cursor().executemany(_UPSERT_MARK, [_row(mark) for mark in ordered])
        keys = sorted({(mark.symbol, mark.open_time) for mark in ordered})
        conn.execute(_NOTE, _columns(keys))


def replace_marks(conn: psycopg.Connection, marks: Iterable[Mark]) -> None:
    """Put these in the place of those that are there, whatever they say; for who repairs what was damaged."""
    rows = [_row(mark) for mark in marks]
    if rows:
        conn.cursor().executemany(_REPLACE, rows)


def note_revised(conn: psycopg.Connection, candles: Iterable[Candle]) -> None:
    """A candle of a higher revision takes the place of one that was compared with its mark: it is compared too."""
    keys = sorted({(candle.symbol, candle.open_time) for candle in candles if candle.revision})
    if keys:
        conn.execute(_NOTE_REVISED, _columns(keys))


def _row(mark: Mark) -> dict[str, Any]:
    times: dict[str, int | None] = {"since": None, "written_at": None}
    return times | {name: getattr(mark, name) for name in mark.__struct_fields__}


def _columns(keys: Sequence[tuple[str, int]]) -> tuple[list[str], list[int]]:
    return [symbol for symbol, _ in keys], [open_time for _, open_time in keys]
