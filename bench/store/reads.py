"""Hot, warm and cold reads of candles, each beside the bare client that reads the same in the same run. Warm caches."""

import gc
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import polars as pl
import psycopg
import uvloop

from bench.store import bare
from bench.store.made_up import BEGIN_MS, DAY_MINUTES, candles, into_cold, into_warm
from bench.table import Figure
from tests.candles import minute
from tests.running import Launcher
from wickstream.config import Settings
from wickstream.events import MINUTE_MS, Trade
from wickstream.operate.servers.local import postgres_spec, redis_spec, with_local_addresses
from wickstream.rendering import rows_of
from wickstream.store.cold.bulk import LakeReader
from wickstream.store.hot.hour import HotWriter, open_async_client
from wickstream.store.lane.live import Change, Clock, LiveWriter
from wickstream.store.series.formats import as_json
from wickstream.store.series.frames import SCHEMA, TEXT
from wickstream.store.series.router import Router
from wickstream.store.warm.bulk import BulkReader
from wickstream.store.warm.database import conninfo
from wickstream.store.warm.migrations import migrate

PORT_BASE = 21_200
SYMBOLS, WARM_DAYS, COLD_DAYS = 50, 90, 365
TIMES, FEW_TIMES = 1_000, 7
HOT_MINUTES, PAGE, COLD_PAGE = 60, 500, 1_000

_OHLCV = pl.Schema({name: SCHEMA[name] for name in bare.OHLCV})


def measure() -> list[Figure]:
    """All three tiers, filled first: some minutes."""
    with _servers() as settings:
        hot = uvloop.run(_hot(settings))
        frames = [candles(f"S{number:02}USDT", days=WARM_DAYS, seed=number) for number in range(SYMBOLS)]
        into_warm(settings, frames)
        warm = [*uvloop.run(_warm_page(settings)), *_warm_whole(settings)]
        del frames
        into_cold(settings, [candles(f"S{number:02}USDT", days=COLD_DAYS, seed=number) for number in range(SYMBOLS)])
        gc.collect()
        return [*hot, *warm, *_cold(settings)]


@contextmanager
def _servers() -> Iterator[Settings]:
    with tempfile.TemporaryDirectory(prefix="wickstream-bench-") as folder:
        settings = Settings(
            data_dir=Path(folder) / "data",
            port_base=PORT_BASE,
            postgres_host=None,
            redis_host=None,
            ticker_symbols=("BTCUSDT",),
            source="replay:0123456789ab",
        )
        launcher = Launcher()
        try:
            for spec in (postgres_spec(settings), redis_spec(settings)):
                launcher.start(spec)
            found = with_local_addresses(settings)
            migrate(found)
            yield found
        finally:
            launcher.close()


async def _hot(settings: Settings) -> list[Figure]:
    rows = [minute(number=number) for number in range(HOT_MINUTES)]
    newest = rows[-1]
    now_ms = newest.close_time + 1_500
    trade = Trade("BTCUSDT", 10**6, newest.close, newest.volume, now_ms, buyer_is_maker=True)
    forming = minute(number=HOT_MINUTES, closed=False)
    with closing(HotWriter(settings)) as hot, closing(LiveWriter(settings)) as lane:
        hot.write(rows)
        lane.write([Change("BTCUSDT", None, trade, forming)], Clock(now_ms, now_ms, now_ms))
    async with Router(settings) as router, open_async_client(settings) as client:

        async def ours() -> object:
            found = await router.klines("BTCUSDT", "1m", start=None, end=None, limit=HOT_MINUTES, closed_only=False)
            return found.candles

        answer = await ours()
        await client.set("the-same-bytes", b",".join(map(bytes, rows_of(answer))))  # type: ignore[arg-type]

        async def theirs() -> object:
            return await client.get("the-same-bytes")

        return await _side_by_side(f"hot, {HOT_MINUTES} candles, beside a GET", ours, theirs, p99_ms=1.0)


async def _warm_page(settings: Settings) -> list[Figure]:
    first_ms = BEGIN_MS + 40 * DAY_MINUTES * MINUTE_MS
    last_ms = first_ms + (PAGE - 1) * MINUTE_MS
    async with Router(settings) as router, await psycopg.AsyncConnection.connect(conninfo(settings)) as conn:
        statement = bare.page("S07USDT", first_ms, last_ms)

        async def ours() -> object:
            return await router.klines("S07USDT", "1m", start=first_ms, end=last_ms, limit=PAGE, closed_only=True)

        async def theirs() -> object:
            return await (await conn.execute(statement, prepare=True)).fetchall()

        return await _side_by_side(f"warm, {PAGE} candles, beside psycopg", ours, theirs, p99_ms=10.0)


async def _side_by_side(
    name: str, ours: Callable[[], Awaitable[object]], theirs: Callable[[], Awaitable[object]], *, p99_ms: float
) -> list[Figure]:
    """In turns, so that whatever else the machine does falls on both."""
    took: tuple[list[float], list[float]] = ([], [])
    for turn in range(-TIMES // 10, TIMES):
        for read, seconds in zip((ours, theirs), took, strict=True):
            began = time.perf_counter()
            await read()
            if turn >= 0:
                seconds.append(time.perf_counter() - began)
    own, other = (sorted(1_000 * one for one in seconds) for seconds in took)
    middle, far = TIMES // 2, TIMES * 99 // 100
    return [
        Figure(f"{name}: p50", "ms", own[middle], peer=other[middle]),
        Figure(f"{name}: p99", "ms", own[far], limit=p99_ms, peer=other[far]),
    ]


def _warm_whole(settings: Settings) -> list[Figure]:
    last_ms = BEGIN_MS + WARM_DAYS * DAY_MINUTES * MINUTE_MS - 1
    name, span = "S07USDT", (BEGIN_MS, last_ms)
    with closing(BulkReader(settings)) as reader, psycopg.connect(conninfo(settings)) as conn:
        return [
            _few_times(
                "warm, 90 days, OHLCV to Arrow, beside a COPY",
                lambda: reader.candles(name, *span, _OHLCV),
                lambda: bare.copy(conn, bare.OHLCV, name, *span),
                limit_ms=100.0,
            ),
            _few_times(
                "warm, 90 days, all fields to JSON, beside a COPY",
                lambda: as_json(reader.candles(name, *span, TEXT)),
                lambda: bare.copy(conn, tuple(SCHEMA), name, *span),
                limit_ms=250.0,
            ),
        ]


def _cold(settings: Settings) -> list[Figure]:
    reader, folder = LakeReader(settings), settings.lake_url.removeprefix("file:") + "/candles"
    last_ms = BEGIN_MS + COLD_DAYS * DAY_MINUTES * MINUTE_MS - 1
    page = (BEGIN_MS + 100 * DAY_MINUTES * MINUTE_MS, BEGIN_MS + (100 * DAY_MINUTES + COLD_PAGE - 1) * MINUTE_MS)
    year = (BEGIN_MS, last_ms)
    return [
        _few_times(
            f"cold, {COLD_PAGE} candles, beside polars",
            lambda: reader.candles("S07USDT", *page, SCHEMA),
            lambda: bare.scan(folder, "S07USDT", *page),
            limit_ms=100.0,
            times=50,
        ),
        _few_times(
            "cold, a year, all fields to Arrow, beside polars",
            lambda: reader.candles("S07USDT", *year, SCHEMA),
            lambda: bare.scan(folder, "S07USDT", *year),
        ),
        _few_times(
            "cold, a year, to JSON", lambda: as_json(reader.candles("S07USDT", *year, SCHEMA)), limit_ms=1_000.0
        ),
    ]


def _few_times(
    name: str,
    ours: Callable[[], object],
    theirs: Callable[[], object] | None = None,
    *,
    limit_ms: float | None = None,
    times: int = FEW_TIMES,
) -> Figure:
    """The median, in turns."""
    took: tuple[list[float], list[float]] = ([], [])
    for turn in range(-1, times):
        for read, seconds in zip((ours, theirs), took, strict=True):
            began = time.perf_counter()
            if read:
                read()
            if turn >= 0:
                seconds.append(1_000 * (time.perf_counter() - began))
    own, other = (sorted(seconds)[times // 2] for seconds in took)
    return Figure(f"{name}: median", "ms", own, limit=limit_ms, peer=other if theirs else None)
