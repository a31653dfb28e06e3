"""Whole ranges out of the warm tier, as columns."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, LiteralString

import polars as pl
import psycopg
from psycopg import sql
from psycopg_pool import ConnectionPool, PoolTimeout

from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.events import MINUTE_MS
from wickstream.store.warm.database import PASSING, busy, conninfo
from wickstream.store.warm.reads import HALTS, SYMBOLS

READERS = 2  # one server process reads a range at half the speed of two
ANSWER_MS = 60_000
CONNECTION_SECONDS = 1.0
WORTH_SPLITTING_MS = 7 * 1_440 * MINUTE_MS

_COPY = sql.SQL(
    """
COPY (
    SELECT {columns} FROM candles
    WHERE symbol = {symbol} AND "interval" = '1m' AND open_time BETWEEN {first} AND {last} ORDER BY open_time
) TO STDOUT (FORMAT csv)
"""
)

# One end at a time, each along the index of one partition.
_SPAN = """
SELECT (SELECT open_time FROM candles WHERE symbol = %s AND "interval" = '1m' ORDER BY open_time LIMIT 1),
       greatest(
           (SELECT open_time FROM candles WHERE symbol = %s AND "interval" = '1m' ORDER BY open_time DESC LIMIT 1),
           (SELECT max(open_time) FROM gaps WHERE symbol = %s AND first_trade_id IS NULL AND status = 'halted')
       )
"""


class BulkReader:
    """A few connections; safe for several threads at once."""

    def __init__(self, settings: Settings) -> None:
        self._pool = ConnectionPool(
            conninfo(settings, statement_timeout_ms=ANSWER_MS, reads_only=True),
            kwargs={"autocommit": True},
            min_size=0,
            max_size=2 * READERS,
            timeout=CONNECTION_SECONDS,
            open=True,
        )
        self._threads = ThreadPoolExecutor(2 * READERS, thread_name_prefix="bulk")

    def close(self) -> None:
        """Let go of the connections."""
        self._threads.shutdown()
        self._pool.close()

    def candles(self, symbol: str, first_ms: int, last_ms: int, schema: pl.Schema) -> pl.DataFrame:
        """1-minute candles with `first_ms <= open_time <= last_ms`, in order of time: those columns, of those types.

        Raises:
            StoreBusy: If PostgreSQL does not answer in time.
        """
        pieces = _pieces(first_ms, last_ms)
        return pl.concat(self._threads.map(lambda piece: self._piece(symbol, piece, schema), pieces))

    def span(self, symbol: str) -> tuple[int, int] | None:
        """Open times (ms) of its oldest candle, and of its newest or a later halt; None: there is none.

        Raises:
            StoreBusy: If PostgreSQL does not answer in time.
        """
        oldest, newest = self._rows(_SPAN, symbol, symbol, symbol)[0]
        return None if oldest is None else (oldest, newest)

    def symbols(self) -> list[str]:
        """All of which there is a candle.

        Raises:
            StoreBusy: If PostgreSQL does not answer in time.
        """
        return [row[0] for row in self._rows(SYMBOLS)]

    def halts(self, symbol: str, first_ms: int, last_ms: int) -> frozenset[int]:
        """Open times of the minutes in which the symbol did not trade.

        Raises:
            StoreBusy: If PostgreSQL does not answer in time.
        """
        return frozenset(row[0] for row in self._rows(HALTS, symbol, first_ms, last_ms))

    def _rows(self, question: LiteralString, *values: str | int) -> list[tuple[Any, ...]]:
        try:
            with self._pool.connection() as conn:
                return conn.execute(question, values).fetchall()
        except (PoolTimeout, *PASSING) as exc:
            raise busy(exc) from exc

    def _piece(self, symbol: str, piece: tuple[int, int], schema: pl.Schema) -> pl.DataFrame:
        columns = sql.SQL(", ").join(map(_column, schema))
        statement = _COPY.format(columns=columns, symbol=symbol, first=piece[0], last=piece[1])
        try:
            with self._pool.connection() as conn:
                return _parsed(_answer(conn, statement), schema)
        except (PoolTimeout, *PASSING) as exc:
            raise busy(exc) from exc


def _pieces(first_ms: int, last_ms: int) -> list[tuple[int, int]]:
    if last_ms - first_ms < WORTH_SPLITTING_MS:
        return [(first_ms, last_ms)]
    middle = (first_ms + last_ms) // 2
    bounds = (first_ms, middle, last_ms + 1)
    return [(first, after - 1) for first, after in pairwise(bounds)]


def _column(name: str) -> sql.Composable:
    """A truth as a number: what PostgreSQL writes of one, no reader of CSV knows."""
    column = sql.Identifier(name)
    return sql.SQL("{}::int").format(column) if Candle.__annotations__[name] is bool else column


def _answer(conn: psycopg.Connection, statement: sql.Composed) -> bytes:
    answer = bytearray()
    with conn.cursor().copy(statement) as copy:
        for row in copy:
            answer += row
    return bytes(answer)


def _parsed(answer: bytes, schema: pl.Schema) -> pl.DataFrame:
    if not answer:
        return pl.DataFrame(schema=schema)
    as_written = pl.Schema({name: pl.Int8() if kind == pl.Boolean() else kind for name, kind in schema.items()})
    return pl.read_csv(answer, has_header=False, schema=as_written).cast(schema)
