"""Reads of 90 days of 50 symbols in PostgreSQL, each beside the bare client that reads the same. Warm caches."""

from contextlib import closing

import polars as pl
import psycopg
import uvloop

from bench.store import bare
from bench.store.made_up import BEGIN_MS, DAY_MINUTES, candles, into_warm
from bench.store.servers import running
from bench.store.turns import medians, side_by_side
from bench.table import Figure
from wickstream.config import Settings
from wickstream.events import MINUTE_MS
from wickstream.operate.servers.local import postgres_spec, redis_spec
from wickstream.rendering import rows_of
from wickstream.store.series.formats import as_json
from wickstream.store.series.frames import SCHEMA, TEXT
from wickstream.store.series.router import Router
from wickstream.store.warm.bulk import BulkReader
from wickstream.store.warm.database import conninfo
from wickstream.store.warm.migrations import migrate

SYMBOLS = tuple(f"S{number:02}USDT" for number in range(50))
NAME, DAYS, PAGE = SYMBOLS[7], 90, 500
TIMES, FEW_TIMES = 1_000, 15

_OHLCV = pl.Schema({name: SCHEMA[name] for name in bare.OHLCV})


def measure() -> list[Figure]:
    """Filled first: some minutes."""
    with running(postgres_spec, redis_spec) as settings:
        migrate(settings)
        into_warm(settings, [candles(symbol, days=DAYS) for symbol in SYMBOLS])
        return read(settings)


def read(settings: Settings) -> list[Figure]:
    """Of a database that is filled."""
    return [*uvloop.run(_pages(settings)), *_whole(settings)]


async def _pages(settings: Settings) -> list[Figure]:
    first_ms = BEGIN_MS + 40 * DAY_MINUTES * MINUTE_MS
    last_ms = first_ms + (PAGE - 1) * MINUTE_MS
    async with (
        Router(settings) as router,
        await psycopg.AsyncConnection.connect(conninfo(settings), autocommit=True) as conn,
    ):
        statement = bare.page(NAME, first_ms, last_ms)

        async def ours() -> object:
            found = await router.klines(NAME, "1m", start=first_ms, end=last_ms, limit=PAGE, closed_only=True)
            return found.candles

        async def rendered() -> bytes:
            found = await router.klines(NAME, "1m", start=first_ms, end=last_ms, limit=PAGE, closed_only=True)
            return b",".join(map(bytes, rows_of(found.candles)))

        async def theirs() -> object:
            return await (await conn.execute(statement, prepare=True)).fetchall()

        beside = f"warm, {PAGE} candles{{}}, beside psycopg's tuples"
        return [
            *await side_by_side(beside.format(""), ours, theirs, times=TIMES, p99_ms=10.0),
            *await side_by_side(beside.format(" to JSON"), rendered, theirs, times=TIMES),
        ]


def _whole(settings: Settings) -> list[Figure]:
    span = (BEGIN_MS, BEGIN_MS + DAYS * DAY_MINUTES * MINUTE_MS - 1)
    with closing(BulkReader(settings)) as reader, psycopg.connect(conninfo(settings), autocommit=True) as conn:
        return [
            medians(
                f"warm, {DAYS} days, OHLCV to Arrow, beside a COPY",
                lambda: reader.candles(NAME, *span, _OHLCV),
                lambda: bare.copy(conn, bare.OHLCV, NAME, *span),
                times=FEW_TIMES,
                limit_ms=100.0,
            ),
            medians(
                f"warm, {DAYS} days, all fields to JSON, beside a COPY",
                lambda: as_json(reader.candles(NAME, *span, TEXT)),
                lambda: bare.copy(conn, tuple(SCHEMA), NAME, *span),
                times=FEW_TIMES,
                limit_ms=250.0,
            ),
        ]
