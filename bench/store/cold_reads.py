"""Reads of a year of 50 symbols in MinIO, each beside bare polars that reads the same. Warm caches."""

import polars as pl
import uvloop

from bench.store import bare
from bench.store.made_up import BEGIN_MS, DAY_MINUTES, into_cold
from bench.store.servers import bucket_spec, running
from bench.store.turns import medians, side_by_side
from bench.table import Figure
from wickstream.config import Settings
from wickstream.events import MINUTE_MS
from wickstream.operate.servers.local import postgres_spec, redis_spec
from wickstream.store.cold.bulk import LakeReader
from wickstream.store.cold.lake import storage_options
from wickstream.store.series.formats import as_json
from wickstream.store.series.frames import SCHEMA
from wickstream.store.series.router import Router
from wickstream.store.warm.migrations import migrate

SYMBOLS = tuple(f"S{number:02}USDT" for number in range(50))
NAME, DAYS, PAGE = SYMBOLS[7], 365, 1_000
TIMES, FEW_TIMES = 200, 9


def measure() -> list[Figure]:
    """Filled first: some minutes."""
    with running(bucket_spec, postgres_spec, redis_spec) as settings:
        migrate(settings)
        into_cold(settings, SYMBOLS, days=DAYS)
        return read(settings, bucket_spec(settings).name)


def read(settings: Settings, store: str) -> list[Figure]:
    """Of a lake that is filled."""
    return [*uvloop.run(_pages(settings, store)), *_whole(settings, store)]


async def _pages(settings: Settings, store: str) -> list[Figure]:
    first_ms = BEGIN_MS + 100 * DAY_MINUTES * MINUTE_MS
    last_ms = first_ms + (PAGE - 1) * MINUTE_MS
    async with Router(settings) as router:

        async def ours() -> object:
            found = await router.klines(NAME, "1m", start=first_ms, end=last_ms, limit=PAGE, closed_only=True)
            assert len(found.candles) == PAGE
            return found.candles

        async def theirs() -> object:
            return bare.scan(_table(settings), storage_options(settings), NAME, first_ms, last_ms)

        name = f"cold in {store}, {PAGE} candles, beside polars"
        return await side_by_side(name, ours, theirs, times=TIMES, p99_ms=100.0)


def _whole(settings: Settings, store: str) -> list[Figure]:
    year = (BEGIN_MS, BEGIN_MS + DAYS * DAY_MINUTES * MINUTE_MS - 1)
    reader = LakeReader(settings)

    def ours() -> pl.DataFrame:
        return reader.candles(NAME, *year, SCHEMA)

    def theirs() -> int:
        return bare.scan(_table(settings), storage_options(settings), NAME, *year)

    return [
        medians(f"cold in {store}, a year, all fields to Arrow, beside polars", ours, theirs, times=FEW_TIMES),
        medians(
            f"cold in {store}, a year, to JSON, beside polars to Arrow",
            lambda: as_json(ours()),
            theirs,
            times=FEW_TIMES,
            limit_ms=1_000.0,
        ),
    ]


def _table(settings: Settings) -> str:
    return f"{settings.lake_url}/candles"
