"""One API process: how soon it answers, and what memory it takes before and after what is heavy was needed."""

import time
from collections.abc import Iterator
from urllib.error import URLError
from urllib.request import urlopen

import msgspec

from bench.processes import command
from bench.store.made_up import BEGIN_MS, DAY_MINUTES, into_cold
from bench.store.servers import bucket_spec, running
from bench.table import Figure
from wickstream.config import Settings
from wickstream.events import MINUTE_MS
from wickstream.footprint import memory_of
from wickstream.operate.servers.local import postgres_spec, redis_spec
from wickstream.store.warm.migrations import migrate

SYMBOL, DAYS, PAGE = "YEARUSDT", 365, 1_000
STARTS = 3


def measure() -> list[Figure]:
    """A year of a symbol in a bucket; Redis and PostgreSQL are there and nearly empty."""
    with running(bucket_spec, redis_spec, postgres_spec) as filled:
        settings = filled.model_copy(update={"ticker_symbols": (SYMBOL,)})
        migrate(settings)
        into_cold(settings, (SYMBOL,), days=DAYS)
        starts = [_start_s(settings) for _ in range(STARTS)]
        return [Figure("started: until it answers, the fastest of three", "s", min(starts), 1.0), *_memory(settings)]


def _start_s(settings: Settings) -> float:
    began = time.monotonic()
    with command(settings, "serve"):
        _wait(settings)
        return time.monotonic() - began


def _memory(settings: Settings) -> Iterator[Figure]:
    with command(settings, "serve") as process:
        _wait(settings)
        yield Figure("memory (PSS) as it starts", "MB", _mb(process.pid))
        for path in ("/readyz", "/api/v1/market/realtime", "/metrics"):
            _get(settings, path)
        yield Figure("after it was asked for what Redis and PostgreSQL have", "MB", _mb(process.pid), 80.0)
        rows = _read_year(settings)
        yield Figure(f"after a symbol's year, {rows:,} candles in pages of {PAGE:,}", "MB", _mb(process.pid), 250.0)


def _read_year(settings: Settings) -> int:
    """How many candles came."""
    end = BEGIN_MS + DAYS * DAY_MINUTES * MINUTE_MS - 1
    first = f"/api/v1/analytics/klines/{SYMBOL}?interval=1m&limit={PAGE}&start={BEGIN_MS}&end={end}"
    address, rows = first, 0
    while address:
        page = msgspec.json.decode(_get(settings, address))
        rows += len(page["data"])
        cursor = page.get("next_cursor")
        address = cursor and f"{first}&cursor={cursor}"
    return rows


def _get(settings: Settings, path: str) -> bytes:
    with urlopen(f"http://127.0.0.1:{settings.port('api')}{path}", timeout=60) as answer:
        body: bytes = answer.read()
        return body


def _wait(settings: Settings) -> None:
    while True:
        try:
            _get(settings, "/livez")
        except (URLError, OSError):
            time.sleep(0.005)
        else:
            return


def _mb(pid: int) -> float:
    return (memory_of(pid) or 0) / 1e6
