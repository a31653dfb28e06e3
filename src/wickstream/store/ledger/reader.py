"""What repair asks of the warm tier: which ids are missing, and what is stored of the minutes they lie in."""

from collections.abc import Sequence
from typing import Any

import msgspec
from psycopg import sql

from wickstream.candle import Candle, Origin
from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.events import Gap, GapStatus
from wickstream.store.ledger.right import Right

_LOCK = 7_714_250_002

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
        self._right = Right(settings, lock=_LOCK)

    def claim(self) -> bool:
        """Become the one that repairs; False: another process is."""
        return self._right.claim()

    def release(self) -> None:
        """Let another process repair; does nothing where the right was lost already."""
        self._right.release()

    def entries(self) -> list[Gap]:
        """All entries of ids whose trades are not here, and all entries that begin within one of them."""
        return [_gap(row) for row in self.fetch(_READ_ENTRIES)]

    def candles(self, symbol: str, open_times: Sequence[int]) -> dict[int, Candle]:
        """What is stored of these minutes, by open time (ms)."""
        found = [_candle(row) for row in self.fetch(_READ_CANDLES, symbol, list(open_times))]
        return {candle.open_time: candle for candle in found}

    def fetch(self, statement: sql.SQL | sql.Composed, *values: Any) -> list[tuple[Any, ...]]:
        """The rows of an answer."""
        with self._right.used() as conn:
            if conn is None:
                raise StoreBusy("PostgreSQL: the right to repair went with the connection")
            return conn.execute(statement, values).fetchall()

    def close(self) -> None:
        """Let go of the connection, and of the right."""
        self._right.close()


def _gap(row: tuple[Any, ...]) -> Gap:
    gap = Gap(*row)
    return msgspec.structs.replace(gap, status=GapStatus(gap.status))


def _candle(row: tuple[Any, ...]) -> Candle:
    candle = Candle(*row)
    return msgspec.structs.replace(candle, origin=Origin(candle.origin))
