"""The hot hour: a symbol's 60 candles beside a GET of the same bytes, and what it costs to keep it. Warm caches."""

import time
from contextlib import closing

import redis
import uvloop

from bench.store.servers import running
from bench.store.turns import side_by_side
from bench.table import Figure
from tests.candles import minute
from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.events import Trade
from wickstream.operate.servers.local import postgres_spec, redis_spec
from wickstream.rendering import rows_of
from wickstream.store.hot.hour import HotWriter, open_async_client, open_client
from wickstream.store.lane.live import Change, Clock, LiveWriter
from wickstream.store.series.router import Router
from wickstream.store.warm.migrations import migrate

MINUTES, TIMES = 60, 2_000
SYMBOLS, SECONDS = 500, 20


def measure() -> list[Figure]:
    """Reads first, then writes."""
    with running(redis_spec, postgres_spec) as settings:
        migrate(settings)
        return [*uvloop.run(_reads(settings)), *_writes(settings)]


async def _reads(settings: Settings) -> list[Figure]:
    rows = [minute(number=number) for number in range(MINUTES)]
    newest = rows[-1]
    now_ms = newest.close_time + 1_500
    trade = Trade("BTCUSDT", 10**6, newest.close, newest.volume, now_ms, buyer_is_maker=True)
    forming = minute(number=MINUTES, closed=False)
    with closing(HotWriter(settings)) as hot, closing(LiveWriter(settings)) as lane:
        hot.write(rows)
        lane.write([Change("BTCUSDT", None, trade, forming)], Clock(now_ms, now_ms, now_ms))
    async with Router(settings) as router, open_async_client(settings) as client:

        async def ours() -> bytes:
            found = await router.klines("BTCUSDT", "1m", start=None, end=None, limit=MINUTES, closed_only=False)
            return b",".join(map(bytes, rows_of(found.candles)))

        await client.set("the-same-bytes", await ours())

        async def theirs() -> object:
            return await client.get("the-same-bytes")

        return await side_by_side(
            f"hot, {MINUTES} candles to JSON, beside a GET", ours, theirs, times=TIMES, p99_ms=1.0
        )


def _writes(settings: Settings) -> list[Figure]:
    """Of a minute in which each symbol's candle changes every second, and is closed."""
    names = [f"S{number:03}USDT" for number in range(SYMBOLS)]
    with closing(HotWriter(settings)) as hot, closing(open_client(settings)) as client:
        hot.write([minute(name, number) for name in names for number in range(MINUTES + 1)])
        seconds = [
            _cost(hot, client, [minute(name, MINUTES + 1, trade_count=count, closed=False) for name in names])
            for count in range(1, SECONDS + 1)
        ]
        own, theirs = (sum(parts) / SECONDS for parts in zip(*seconds, strict=True))
        closed = _cost(hot, client, [minute(name, MINUTES + 1, trade_count=SECONDS + 1) for name in names])
    return [
        Figure(f"hot, {SYMBOLS} open candles: the writer's CPU", "ms", own),
        Figure(f"hot, {SYMBOLS} open candles: Redis' CPU", "ms", theirs),
        Figure(f"hot, {SYMBOLS} closed candles: the writer's CPU", "ms", closed[0]),
        Figure(f"hot, {SYMBOLS} closed candles: Redis' CPU", "ms", closed[1]),
    ]


def _cost(hot: HotWriter, client: redis.Redis, rows: list[Candle]) -> tuple[float, float]:
    """CPU of the writer and of Redis, in ms."""
    own_s, theirs_s = time.process_time(), _cpu_s(client)
    hot.write(rows)
    return 1_000 * (time.process_time() - own_s), 1_000 * (_cpu_s(client) - theirs_s)


def _cpu_s(client: redis.Redis) -> float:
    used = client.info("cpu")
    return float(used["used_cpu_user"] + used["used_cpu_sys"])
