"""The same reads by the bare clients: what ours are measured against."""

from collections.abc import Mapping

import polars as pl
import psycopg
from psycopg import sql

from wickstream.store.series.frames import SCHEMA

OHLCV = ("open_time", "open", "high", "low", "close", "volume")

_WHERE = sql.SQL(
    "FROM candles WHERE symbol = {} AND \"interval\" = '1m' AND open_time BETWEEN {} AND {} ORDER BY open_time"
)


def page(symbol: str, first_ms: int, last_ms: int) -> sql.Composed:
    """The question for all fields."""
    return _statement(tuple(SCHEMA), symbol, first_ms, last_ms)


def copy(conn: psycopg.Connection, columns: tuple[str, ...], symbol: str, first_ms: int, last_ms: int) -> int:
    """The bytes of a COPY, thrown away."""
    statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT csv)").format(_statement(columns, symbol, first_ms, last_ms))
    with conn.cursor().copy(statement) as rows:
        return sum(len(row) for row in rows)


def scan(where: str, options: Mapping[str, str], symbol: str, first_ms: int, last_ms: int) -> int:
    """All fields by polars, to Arrow."""
    wanted = (pl.col("symbol") == symbol) & pl.col("open_time").is_between(first_ms, last_ms)
    rows = pl.scan_delta(where, storage_options=dict(options)).filter(wanted).select(tuple(SCHEMA))
    return rows.sort("open_time").collect().height


def _statement(columns: tuple[str, ...], symbol: str, first_ms: int, last_ms: int) -> sql.Composed:
    where = _WHERE.format(symbol, first_ms, last_ms)
    return sql.SQL("SELECT {} {}").format(sql.SQL(", ").join(map(sql.Identifier, columns)), where)
