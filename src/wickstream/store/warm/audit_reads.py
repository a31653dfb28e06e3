"""What validators ask of the warm tier: the rows of one symbol after the other, and the form of the tables."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, NamedTuple, Self

import msgspec
import psycopg
from psycopg import sql

from wickstream.candle import Candle, Origin
from wickstream.config import Settings
from wickstream.events import Alert, Gap, GapStatus, Mark
from wickstream.store.ledger.bookkeeping import Held
from wickstream.store.warm.alerts import alert_of
from wickstream.store.warm.database import PASSING, busy, connect

_COLUMNS = """
SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = current_schema()
"""
_CANDLES = """
SELECT {columns} FROM candles WHERE symbol = %s AND "interval" = '1m' AND open_time BETWEEN %s AND %s ORDER BY open_time
"""
_FIRST_CLOSED = """
SELECT open_time FROM candles WHERE symbol = %s AND "interval" = '1m' AND closed ORDER BY open_time LIMIT 1
"""
_GAPS = """
SELECT {columns} FROM gaps
WHERE symbol = %s AND (first_trade_id <= %s AND last_trade_id >= %s
                       OR first_trade_id IS NULL AND open_time BETWEEN %s AND %s)
"""
_ALERTS = "SELECT {columns} FROM alerts WHERE at BETWEEN %s AND %s ORDER BY at, alert_id"
_MARKED = """
SELECT {columns}, m.written_at, c.close, c.closed, c.revision, c.trade_count, c.first_trade_id, c.last_trade_id
FROM marks m LEFT JOIN candles c ON (c.symbol, c."interval", c.open_time) = (m.symbol, '1m', m.open_time)
WHERE m.symbol = %s AND m.open_time BETWEEN %s AND %s ORDER BY m.open_time
"""
_STARTS = "SELECT first_trade_id FROM starts WHERE symbol = %s"


def _filled(statement: str, columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(statement).format(columns=sql.SQL(", ").join(map(sql.Identifier, columns)))


_READ_CANDLES = _filled(_CANDLES, Candle.__struct_fields__)
_READ_GAPS = _filled(_GAPS, Gap.__struct_fields__)
_READ_ALERTS = _filled(_ALERTS, Alert.__struct_fields__)
_READ_MARKED = sql.SQL(_MARKED).format(
    columns=sql.SQL(", ").join(sql.Identifier("m", name) for name in Mark.__struct_fields__)
)


class MarkedMinute(NamedTuple):
    """A mark, and the candle it is of.

    Attributes:
        written_at: when the mark was published (ms, the producer's clock), where that is known.
        close: the candle's.
        held: the candle, as the books see it; None: there is none.
    """

    mark: Mark
    written_at: int | None
    close: Decimal | None
    held: Held | None


class AuditReader:
    """One connection; not for two threads at once. Use `AuditReader.open`. Every read may raise StoreBusy."""

    def __init__(self, conn: psycopg.Connection) -> None:
        self._conn = conn

    @classmethod
    @contextmanager
    def open(cls, settings: Settings) -> Iterator[Self]:
        """For the time of the block; all reads see the same moment.

        Raises:
            StoreBusy: If PostgreSQL does not answer.
        """
        with connect(settings, reads_only=True) as conn:
            conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            conn.read_only = True
            yield cls(conn)

    def columns(self) -> Mapping[str, Mapping[str, str]]:
        """The type of each column of each table."""
        tables: dict[str, dict[str, str]] = {}
        for table, column, kind in self._fetch(_COLUMNS):
            tables.setdefault(table, {})[column] = kind
        return tables

    def candles(self, symbol: str, first_ms: int, last_ms: int) -> list[Candle]:
        """1-minute candles in order of time, both ends inclusive."""
        return [_candle(row) for row in self._fetch(_READ_CANDLES, symbol, first_ms, last_ms)]

    def first_closed_ms(self, symbol: str) -> int | None:
        """Open time of the first closed candle there is."""
        return next((row[0] for row in self._fetch(_FIRST_CLOSED, symbol)), None)

    def gaps(self, symbol: str, *, ids: tuple[int, int], times: tuple[int, int]) -> list[Gap]:
        """Entries of ids that overlap these, and halts in this time; first and last, both inclusive."""
        return [_gap(row) for row in self._fetch(_READ_GAPS, symbol, ids[1], ids[0], *times)]

    def marked(self, symbol: str, first_ms: int, last_ms: int) -> list[MarkedMinute]:
        """Marks in order of time, both ends inclusive."""
        return [_marked(row) for row in self._fetch(_READ_MARKED, symbol, first_ms, last_ms)]

    def alerts(self, first_ms: int, last_ms: int) -> list[Alert]:
        """Those of this time, both ends inclusive."""
        return [alert_of(row) for row in self._fetch(_READ_ALERTS, first_ms, last_ms)]

    def starts(self, symbol: str) -> list[int]:
        """The first trade ids of the times from which on it was followed."""
        return [row[0] for row in self._fetch(_STARTS, symbol)]

    def _fetch(self, statement: str | sql.Composed, *values: Any) -> list[tuple[Any, ...]]:
        try:
            return self._conn.execute(statement, values).fetchall()
        except PASSING as exc:
            raise busy(exc) from exc


def _candle(row: tuple[Any, ...]) -> Candle:
    candle = Candle(*row)
    return msgspec.structs.replace(candle, origin=Origin(candle.origin))


def _marked(row: tuple[Any, ...]) -> MarkedMinute:
    size = len(Mark.__struct_fields__)
    mark, (written_at, close, closed, *rest) = row[:size], row[size:]
    held = None if closed is None else Held(closed, *rest)
    return MarkedMinute(Mark(*mark), written_at, close, held)


def _gap(row: tuple[Any, ...]) -> Gap:
    gap = Gap(*row)
    return msgspec.structs.replace(gap, status=GapStatus(gap.status))
