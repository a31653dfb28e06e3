"""Candles in the warm tier: one a minute, of the largest version; what gives way to it stays known (`revisions`)."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import msgspec
import psycopg
from psycopg import sql

from wickstream.candle import EXCHANGE_FIELDS, Candle, plain
from wickstream.store.versions import Written, newest
from wickstream.store.warm.revisions import KEY as VERSION_KEY
from wickstream.store.warm.revisions import overtaken

COLUMNS = Candle.__struct_fields__
_AMOUNTS = frozenset(field.name for field in msgspec.structs.fields(Candle) if field.type is Decimal)
_TEXTS = frozenset({"symbol", "interval", "origin"})
_TYPES = {"closed": "boolean", "revision": "integer"}
_TYPES |= dict.fromkeys(_AMOUNTS, "numeric") | dict.fromkeys(_TEXTS, "text")
_KEY = ("symbol", "interval", "open_time")
_FACTS = [name for name in EXCHANGE_FIELDS if name not in _KEY]

_VERSION = "({0}.revision, {0}.closed, {0}.trade_count)"
_EQUAL = f"{_VERSION.format('{new}')} = {_VERSION.format('{held}')}"
_SUPERSEDES = f"""
    {_VERSION.format("{new}")} > {_VERSION.format("{held}")}
    OR {_EQUAL} AND {{new}}.origin = 'trades' AND {{held}}.origin <> 'trades'
"""


def _names(columns: Iterable[str], table: str | None = None) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(table, name) if table else sql.Identifier(name) for name in columns)


def _changes(columns: Iterable[str], key: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(
        sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in columns if name not in key
    )


def _compared(condition: str, new: str, held: str) -> sql.Composed:
    return sql.SQL(condition).format(new=sql.Identifier(new), held=sql.Identifier(held))


_UPSERT = sql.SQL(
    """
WITH offered AS MATERIALIZED (
    SELECT * FROM unnest({arrays}, %(is_newest)s::boolean[]) AS o ({columns}, is_newest)
), met AS MATERIALIZED (  -- with the table as it was before this statement
    SELECT o.*, {held_columns}, held.symbol IS NULL OR {offered_supersedes} AS is_larger,
           coalesce({is_equal} AND ({offered_facts}) IS DISTINCT FROM ({held_facts}), false) AS contradicts
    FROM offered AS o LEFT JOIN candles AS held
        ON (held.symbol, held."interval", held.open_time) = (o.symbol, o."interval", o.open_time)
        AND held.open_time BETWEEN %(oldest)s AND %(latest)s
), stored AS (
    INSERT INTO candles AS held ({columns})
    SELECT {columns} FROM met WHERE is_newest AND is_larger ORDER BY symbol, "interval", open_time
    ON CONFLICT (symbol, "interval", open_time) DO UPDATE SET {changes} WHERE {excluded_supersedes}
    RETURNING 1
), known AS (
    INSERT INTO candle_revisions AS held ({columns})
    SELECT DISTINCT ON ({version_key}) * FROM (
        SELECT {held_names} FROM met
        WHERE is_newest AND is_larger AND held_closed AND (NOT closed OR held_published_at < published_at)
        UNION ALL
        SELECT {columns} FROM met
        WHERE closed AND NOT (is_newest AND is_larger)
          AND (is_larger OR NOT held_closed OR published_at < held_published_at)
    ) AS passed ({columns})
    ORDER BY {version_key}, published_at
    ON CONFLICT ({version_key}) DO UPDATE SET {version_changes} WHERE excluded.published_at < held.published_at
)
SELECT (SELECT count(*) FROM stored), (SELECT count(*) FROM met WHERE is_newest AND contradicts)
"""
).format(
    arrays=sql.SQL(", ").join(
        sql.SQL("{}::{}[]").format(sql.Placeholder(name), sql.SQL(_TYPES.get(name, "bigint"))) for name in COLUMNS
    ),
    columns=_names(COLUMNS),
    held_columns=sql.SQL(", ").join(
        sql.SQL("held.{} AS {}").format(sql.Identifier(name), sql.Identifier(f"held_{name}")) for name in COLUMNS
    ),
    held_names=_names(f"held_{name}" for name in COLUMNS),
    offered_facts=_names(_FACTS, "o"),
    held_facts=_names(_FACTS, "held"),
    is_equal=_compared(_EQUAL, "o", "held"),
    offered_supersedes=_compared(_SUPERSEDES, "o", "held"),
    excluded_supersedes=_compared(_SUPERSEDES, "excluded", "held"),
    changes=_changes(COLUMNS, _KEY),
    version_key=_names(VERSION_KEY),
    version_changes=_changes(COLUMNS, VERSION_KEY),
)


def upsert_candles(conn: psycopg.Connection, candles: Sequence[Candle]) -> Written:
    """Store what is new or larger in version, and what was known before it, in one statement.

    Their partitions must be there, and the transaction be of repeatable reads.
    """
    rows, written = newest(candles)
    if not rows:
        return written
    known = overtaken(candles, rows)
    offered = [*rows, *known]
    times = [candle.open_time for candle in offered]
    values: dict[str, Any] = {name: _column(name, offered) for name in COLUMNS}
    values |= {"oldest": min(times), "latest": max(times)}
    values["is_newest"] = [True] * len(rows) + [False] * len(known)
    stored, contradicting = conn.execute(_UPSERT, values).fetchone() or (0, 0)
    return written + Written(stored, len(rows) - stored, contradicting)


def _column(name: str, candles: Sequence[Candle]) -> list[str] | str:
    """Text as it is; of all else the array as PostgreSQL writes it, which is read at half the cost.

    Amounts are in their plain form: PostgreSQL keeps it, and `::text` is what is served.
    """
    values = [getattr(candle, name) for candle in candles]
    if name in _TEXTS:
        return values
    spelled = map(plain, values) if name in _AMOUNTS else ("NULL" if value is None else str(value) for value in values)
    return f"{{{','.join(spelled)}}}"
