"""Whole ranges out of the warm tier, as columns."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from types import NoneType
from typing import Any, LiteralString, get_args

import polars as pl
import psycopg
from psycopg import sql
from psycopg_pool import ConnectionPool, PoolTimeout

from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.events import MINUTE_MS
from wickstream.store.warm.database import PASSING, busy, conninfo
from wickstream.store.warm.days import DAYS, FOR_ALL_DAYS, WARM_DAYS
from wickstream.store.warm.partitions import OLDEST_MONTH, month_start
from wickstream.store.warm.reads import HALTS, SYMBOLS
from wickstream.store.warm.revisions import KNOWN

READERS = 2  # one server process reads a range at half the speed of two
ANSWER_MS = 60_000
CONNECTION_SECONDS = 1.0
WORTH_SPLITTING_MS = 7 * 1_440 * MINUTE_MS

# All rows as one text: of a COPY each comes as a message of its own, which costs the client as much as it costs the
# server to write it. Not in order: a month is read page by page, and sorting it there costs more than here.
_READ = sql.SQL(
    """
SELECT string_agg(concat_ws(',', {columns}), E'\\n') FROM {table}
WHERE symbol = %(symbol)s AND "interval" = '1m' AND open_time BETWEEN %(first)s AND %(last)s
"""
)
_READ_KNOWN = sql.SQL("SELECT string_agg(concat_ws(',', {columns}), E'\\n') FROM ({known}) AS known")

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

    def candles_as_known_at(
        self, symbol: str, first_ms: int, last_ms: int, schema: pl.Schema, *, known_at_ms: int
    ) -> pl.DataFrame:
        """As `candles`: the closed ones, each as it was known at that moment; see `revisions`.

        Raises:
            StoreBusy: If PostgreSQL does not answer in time.
        """
        place: dict[str, str | int] = {"symbol": symbol, "first": first_ms, "last": last_ms, "known_at": known_at_ms}
        return self._text(_READ_KNOWN, place, schema)

    def halts_known_at(self, symbol: str, first_ms: int, last_ms: int, *, known_at_ms: int) -> frozenset[int]:
        """Of `halts` those that were found by then.

        Raises:
            StoreBusy: If PostgreSQL does not answer in time.
        """
        found = self._rows(HALTS + " AND detected_at <= %s", symbol, first_ms, last_ms, known_at_ms)
        return frozenset(row[0] for row in found)

    def span(self, symbol: str) -> tuple[int, int] | None:
        """Open times (ms) of its oldest candle, and of its newest or a later halt; None: there is none.

        Raises:
            StoreBusy: If PostgreSQL does not answer in time.
        """
        oldest, newest = self._rows(_SPAN, symbol, symbol, symbol)[0]
        return None if oldest is None else (oldest, newest)

    def kept_since(self) -> int | None:
        """Open time (ms) from which on candles are kept here, by the month; None: nothing was ever stored.

        Raises:
            StoreBusy: If PostgreSQL does not answer in time.
        """
        ((month,),) = self._rows(OLDEST_MONTH)
        return None if month is None else month_start(month)

    def days(self, first_ms: int, last_ms: int, settled_ms: int) -> pl.DataFrame:
        """A row a symbol and day, as `warm.days` adds them up, of closed candles published before `settled_ms`.

        Raises:
            StoreBusy: If PostgreSQL does not answer in time.
        """
        try:
            with self._pool.connection() as conn, conn.transaction():
                conn.execute(FOR_ALL_DAYS)
                rows = conn.execute(WARM_DAYS, (first_ms, last_ms, settled_ms)).fetchall()
        except (PoolTimeout, *PASSING) as exc:
            raise busy(exc) from exc
        return pl.DataFrame(rows, schema=DAYS, orient="row")

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
        place: dict[str, str | int] = {"symbol": symbol, "first": piece[0], "last": piece[1]}
        return self._text(_READ, place, schema)

    def _text(self, question: sql.SQL, values: Mapping[str, str | int], schema: pl.Schema) -> pl.DataFrame:
        try:
            with self._pool.connection() as conn:
                return _read(conn, question, values, schema)
        except (PoolTimeout, *PASSING) as exc:
            raise busy(exc) from exc


def read_candles(
    conn: psycopg.Connection, table: str, symbol: str, first_ms: int, last_ms: int, schema: pl.Schema
) -> pl.DataFrame:
    """As `BulkReader.candles`, by a connection of one's own; `table`: a month's, whether it is attached or not."""
    return _read(conn, _READ, {"symbol": symbol, "first": first_ms, "last": last_ms}, schema, table=table)


def _read(
    conn: psycopg.Connection,
    question: sql.SQL,
    values: Mapping[str, str | int],
    schema: pl.Schema,
    *,
    table: str = "candles",
) -> pl.DataFrame:
    known = {"symbol": values["symbol"], "interval": "1m"}
    asked = pl.Schema({"open_time": pl.Int64(), **{n: k for n, k in schema.items() if n not in known}})
    columns = sql.SQL(", ").join(map(_column, asked))
    statement = question.format(columns=columns, known=KNOWN, table=sql.Identifier(table))
    rows = _parsed(_answer(conn, statement, values), asked)
    named = rows.with_columns(pl.lit(value).alias(name) for name, value in known.items())
    return named.sort("open_time").select(schema.names())


def _pieces(first_ms: int, last_ms: int) -> list[tuple[int, int]]:
    if last_ms - first_ms < WORTH_SPLITTING_MS:
        return [(first_ms, last_ms)]
    middle = (first_ms + last_ms) // 2
    bounds = (first_ms, middle, last_ms + 1)
    return [(first, after - 1) for first, after in pairwise(bounds)]


def _column(name: str) -> sql.Composable:
    """A truth as a number: what PostgreSQL writes of one, no reader of CSV knows. And `concat_ws` leaves nulls out."""
    kind = Candle.__annotations__[name]
    form = "{}::int" if kind is bool else "coalesce({}::text, '')" if NoneType in get_args(kind) else "{}"
    return sql.SQL(form).format(sql.Identifier(name))


def _answer(conn: psycopg.Connection, statement: sql.Composed, values: Mapping[str, str | int]) -> bytes | None:
    """The one value, not decoded. What is asked for is written into the statement, so that it is planned for that."""
    result = psycopg.ClientCursor(conn).execute(statement, values).pgresult
    return result.get_value(0, 0) if result else None


def _parsed(answer: bytes | None, schema: pl.Schema) -> pl.DataFrame:
    if not answer:
        return pl.DataFrame(schema=schema)
    as_written = pl.Schema({name: pl.Int8() if kind == pl.Boolean() else kind for name, kind in schema.items()})
    return pl.read_csv(answer, has_header=False, schema=as_written).cast(schema)
