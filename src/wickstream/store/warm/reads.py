"""Reads of the warm tier, for a process that serves many at once."""

import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import psycopg
from psycopg import sql
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from wickstream.candle import Candle, Origin
from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.store.series.plan import Plan
from wickstream.store.warm.database import busy, conninfo

POOL_SIZE = 8
ANSWER_MS = 5_000  # a question that takes longer is asked wrongly
CONNECTION_SECONDS = 0.9  # one that cannot be had is told of within a second
AWAY_SECONDS = 0.5  # so long nobody waits again for a server that gave nobody a connection

Values = tuple[Any, ...] | Mapping[str, Any]

_COLUMNS = Candle.__struct_fields__
_ORIGIN = _COLUMNS.index("origin")
_ORIGINS = {str(origin): origin for origin in Origin}  # thrice as fast as to ask Origin

_READ = """
SELECT {columns} FROM candles
WHERE symbol = %s AND "interval" = '1m' AND open_time BETWEEN %s AND %s
ORDER BY open_time {order} LIMIT %s
"""
FORWARD, BACKWARD = (
    sql.SQL(_READ).format(columns=sql.SQL(", ").join(map(sql.Identifier, _COLUMNS)), order=sql.SQL(order))
    for order in ("ASC", "DESC")
)

_CLOSED = """
SELECT {columns} FROM unnest(%s::text[], %s::bigint[], %s::bigint[]) AS s (of_symbol, first_ms, last_ms), LATERAL (
    SELECT * FROM candles AS c
    WHERE c.symbol = s.of_symbol AND c."interval" = '1m' AND c.closed AND c.open_time BETWEEN s.first_ms AND s.last_ms
) AS found
"""
CLOSED = sql.SQL(_CLOSED).format(columns=sql.SQL(", ").join(map(sql.Identifier, _COLUMNS)))

HALTS = """
SELECT open_time FROM gaps
WHERE symbol = %s AND first_trade_id IS NULL AND open_time BETWEEN %s AND %s AND status = 'halted'
"""

_ABSENT = """
SELECT first_trade_id, last_trade_id FROM gaps
WHERE symbol = %s AND first_trade_id <= %s AND last_trade_id >= %s AND status = 'absent'
"""

NEWEST_CLOSED = """
SELECT max(newest.open_time)
FROM unnest(%s::text[]) AS s (symbol), LATERAL (
    SELECT open_time FROM candles AS c
    WHERE c.symbol = s.symbol AND c."interval" = '1m' AND c.closed ORDER BY open_time DESC LIMIT 1
) AS newest
"""

_NEWEST_PRICES = """
SELECT s.symbol, newest.close
FROM unnest(%s::text[]) AS s (symbol), LATERAL (
    SELECT close FROM candles AS c
    WHERE c.symbol = s.symbol AND c."interval" = '1m' ORDER BY open_time DESC LIMIT 1
) AS newest
"""

# From one symbol to the next along the index: a DISTINCT would read every candle.
SYMBOLS = """
WITH RECURSIVE found AS (
    (SELECT symbol FROM candles ORDER BY symbol LIMIT 1)
    UNION ALL
    SELECT (SELECT symbol FROM candles WHERE symbol > found.symbol ORDER BY symbol LIMIT 1)
    FROM found WHERE found.symbol IS NOT NULL
)
SELECT symbol FROM found WHERE symbol IS NOT NULL
"""


class WarmReader:
    """A pool of connections. Every read raises StoreBusy if PostgreSQL does not answer in time."""

    def __init__(self, settings: Settings) -> None:
        self._pool = AsyncConnectionPool(
            conninfo(settings, statement_timeout_ms=ANSWER_MS, reads_only=True),
            kwargs={"autocommit": True},
            min_size=1,
            max_size=POOL_SIZE,
            timeout=CONNECTION_SECONDS,
            open=False,
        )
        self._in_use = 0
        self._away_until = float("-inf")

    async def open(self) -> None:
        """Begin to connect; PostgreSQL may come up later."""
        await self._pool.open()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._pool.close()

    async def candles(self, symbol: str, wanted: Plan) -> list[Candle]:
        """1-minute candles in order of time."""
        statement = BACKWARD if wanted.backward else FORWARD
        rows = await self.fetch(statement, (symbol, wanted.first_ms, wanted.last_ms, wanted.minutes))
        candles = [_candle(row) for row in rows]
        return candles[::-1] if wanted.backward else candles

    async def closed_within(self, spans: Mapping[str, tuple[int, int]]) -> list[Candle]:
        """Closed candles of each of these symbols, from its first open time to its last, both inclusive."""
        firsts, lasts = ([span[end] for span in spans.values()] for end in (0, 1))
        return [_candle(row) for row in await self.fetch(CLOSED, (list(spans), firsts, lasts))]

    async def halts(self, symbol: str, wanted: Plan) -> frozenset[int]:
        """Open times of the minutes in which the symbol did not trade."""
        return frozenset(row[0] for row in await self.fetch(HALTS, (symbol, wanted.first_ms, wanted.last_ms)))

    async def absent_ids(self, symbol: str, first_id: int, last_id: int) -> list[tuple[int, int]]:
        """Ranges of ids, both ends inclusive, that touch these and are proven absent from the exchange."""
        return [(first, last) for first, last in await self.fetch(_ABSENT, (symbol, last_id, first_id))]

    async def newest_closed(self, symbols: Sequence[str]) -> int | None:
        """Open time of the newest closed candle over these symbols."""
        newest: int | None = (await self.fetch(NEWEST_CLOSED, (list(symbols),)))[0][0]
        return newest

    async def newest_prices(self, symbols: Sequence[str]) -> dict[str, Decimal]:
        """The price at which each symbol's newest candle stands; those of which there is none are left out."""
        return dict(await self.fetch(_NEWEST_PRICES, (list(symbols),)))

    async def symbols(self) -> list[str]:
        """All symbols of which there is a candle."""
        return [row[0] for row in await self.fetch(SYMBOLS, ())]

    async def fetch(self, statement: str | sql.Composed, values: Values) -> list[tuple[Any, ...]]:
        """All rows of a statement; for reads that have a file of their own."""
        if time.monotonic() < self._away_until:
            raise StoreBusy("PostgreSQL: gives nobody a connection")
        try:
            return await self._fetch_once(statement, values)
        except (psycopg.errors.QueryCanceled, psycopg.errors.UndefinedTable, PoolTimeout) as exc:
            raise busy(exc) from exc
        except (psycopg.OperationalError, psycopg.InterfaceError):
            pass  # the pooled connection died with the server that it was made to; a new one may do
        try:
            return await self._fetch_once(statement, values)
        except (psycopg.OperationalError, psycopg.InterfaceError) as exc:
            raise busy(exc) from exc

    async def _fetch_once(self, statement: str | sql.Composed, values: Values) -> list[tuple[Any, ...]]:
        try:
            async with self._pool.connection() as conn:
                self._in_use += 1
                try:
                    cursor = await conn.execute(statement, values)
                    return await cursor.fetchall()
                finally:
                    self._in_use -= 1
        except PoolTimeout:
            if not self._in_use:  # else they are all taken by others
                self._away_until = time.monotonic() + AWAY_SECONDS
            raise


def _candle(row: tuple[Any, ...]) -> Candle:
    values = list(row)
    values[_ORIGIN] = _ORIGINS[values[_ORIGIN]]
    return Candle(*values)
