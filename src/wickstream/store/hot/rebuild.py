"""The hot hour out of PostgreSQL, for a Redis that came up empty. What the live lane keeps there comes by itself."""

from collections.abc import Callable
from contextlib import closing
from typing import Any

import psycopg
from psycopg import sql

from wickstream.candle import Candle, Origin
from wickstream.config import Settings
from wickstream.store.hot.hour import KEEP_MS, HotWriter
from wickstream.store.versions import Written
from wickstream.store.warm.database import PASSING, answering_within, busy, connect
from wickstream.store.warm.reads import SYMBOLS

ANSWER_S = 10.0  # for all symbols; who waits for this serves nobody meanwhile

_COLUMNS = Candle.__struct_fields__
_ORIGIN = _COLUMNS.index("origin")
_NEWEST_HOUR = sql.SQL(
    """
SELECT {columns} FROM candles
WHERE symbol = %(symbol)s AND "interval" = '1m' AND open_time >= (
    SELECT open_time - {keep} FROM candles
    WHERE symbol = %(symbol)s AND "interval" = '1m' AND closed ORDER BY open_time DESC LIMIT 1
)
"""
).format(columns=sql.SQL(", ").join(map(sql.Identifier, _COLUMNS)), keep=sql.Literal(KEEP_MS))


def rebuild(settings: Settings, writer: HotWriter, *, tell: Callable[[str, Written], None] | None = None) -> Written:
    """Write each symbol's newest hour, by version: what is there already and newer stays. `tell`: symbol by symbol.

    Raises:
        StoreBusy: If PostgreSQL or Redis does not answer in time; doing it again does no harm.
    """
    written = Written()
    with closing(connect(settings, reads_only=True)) as conn:
        try:
            with answering_within(conn, ANSWER_S):
                for (symbol,) in conn.execute(SYMBOLS).fetchall():
                    of_symbol = writer.write(newest_hour(conn, symbol))
                    written += of_symbol
                    if tell:
                        tell(symbol, of_symbol)
        except PASSING as exc:
            raise busy(exc) from exc
    writer.say_filled()
    return written


def newest_hour(conn: psycopg.Connection, symbol: str) -> list[Candle]:
    """What PostgreSQL has of it."""
    return [_candle(row) for row in conn.execute(_NEWEST_HOUR, {"symbol": symbol})]


def _candle(row: tuple[Any, ...]) -> Candle:
    values = list(row)
    values[_ORIGIN] = Origin(values[_ORIGIN])
    return Candle(*values)
