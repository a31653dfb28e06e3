"""What repair asks of the warm tier: which ids are missing, and what is stored of the minutes they lie in."""

from collections.abc import Sequence
from typing import Any

import msgspec
import psycopg
from psycopg import sql

from wickstream.candle import Candle, Origin
from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.events import Gap, GapStatus
from wickstream.store.database import PASSING, busy, connect

_LOCK = 7_714_250_002  # any number, but the same in every process that repairs

# With whatever stands within an entry: a repair that was killed had told of the end of its entry only.
_ENTRIES = """
SELECT {columns} FROM gaps WHERE status IN ('open', 'candles_only') AND first_trade_id IS NOT NULL
UNION
SELECT {within} FROM gaps AS o JOIN gaps AS g ON g.symbol = o.symbol
    AND g.first_trade_id > o.first_trade_id AND g.first_trade_id <= o.last_trade_id
WHERE o.status IN ('open', 'candles_only') AND o.first_trade_id IS NOT NULL
"""
_CANDLES = """SELECT {columns} FROM candles WHERE symbol = %s AND "interval" = '1m' AND open_time = ANY(%s)"""


def _names(columns: Sequence[str], *table: str) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(*table, name) for name in columns)


_READ_ENTRIES = sql.SQL(_ENTRIES).format(
    columns=_names(Gap.__struct_fields__), within=_names(Gap.__struct_fields__, "g")
)
_READ_CANDLES = sql.SQL(_CANDLES).format(columns=_names(Candle.__struct_fields__))


class LedgerReader:
    """One connection, and with it the right to repair. Not for two threads at once.

    Every method may raise StoreBusy; the right is lost then, and has to be claimed again.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._conn: psycopg.Connection | None = None

    def claim(self) -> bool:
        """Become the one that repairs; False: another process is."""
        if self._conn is None:
            self._conn = connect(self._settings)
            self._conn.autocommit = True
        ((claimed,),) = self.fetch(sql.SQL("SELECT pg_try_advisory_lock(%s)"), _LOCK)
        return bool(claimed)

    def release(self) -> None:
        """Let another process repair; does nothing where the right was lost already."""
        if self._conn is not None:
            self.fetch(sql.SQL("SELECT pg_advisory_unlock(%s)"), _LOCK)

    def entries(self) -> list[Gap]:
        """All entries of ids whose trades are not here, and all entries that begin within one of them."""
        return [_gap(row) for row in self.fetch(_READ_ENTRIES)]

    def candles(self, symbol: str, open_times: Sequence[int]) -> dict[int, Candle]:
        """What is stored of these minutes, by open time (ms)."""
        found = [_candle(row) for row in self.fetch(_READ_CANDLES, symbol, list(open_times))]
        return {candle.open_time: candle for candle in found}

    def fetch(self, statement: sql.SQL | sql.Composed, *values: Any) -> list[tuple[Any, ...]]:
        """The rows of an answer."""
        if self._conn is None:
            raise StoreBusy("PostgreSQL: the right to repair went with the connection")
        try:
            return self._conn.execute(statement, values).fetchall()
        except PASSING as exc:
            self.close()
            raise busy(exc) from exc

    def close(self) -> None:
        """Let go of the connection, and of the right."""
        if self._conn is not None:
            self._conn.close()
            self._conn = None


def _gap(row: tuple[Any, ...]) -> Gap:
    gap = Gap(*row)
    return msgspec.structs.replace(gap, status=GapStatus(gap.status))


def _candle(row: tuple[Any, ...]) -> Candle:
    candle = Candle(*row)
    return msgspec.structs.replace(candle, origin=Origin(candle.origin))
