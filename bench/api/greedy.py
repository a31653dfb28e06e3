"""S5: what those who ask for little notice of one who asks for everything, a thousand times a second.

`python -m bench.api.greedy PORT` is the one who does.
"""

import asyncio
import http.client
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import psutil

from bench.processes import command
from bench.store.servers import running
from bench.table import Figure
from tests.candles import minute
from tests.live_crowd import quantile
from tests.running import wait_until
from wickstream.config import Settings
from wickstream.operate.servers.local import postgres_spec, redis_spec
from wickstream.operate.stack import answers
from wickstream.store.warm.migrations import migrate
from wickstream.store.warm.writer import WarmWriter

SYMBOL, FIRST_MS, MINUTES = "GREEDYUSDT", 1_723_161_600_000, 10_000
AT_ONCE, SECONDS, PER_SECOND = 1_000, 20, 40
OTHERS = 20  # addresses
FORWARDED = "X-Forwarded-For"


def measure() -> list[Figure]:
    """Everybody has the default limits, and is known by what the proxy says."""
    with running(redis_spec, postgres_spec) as settings:
        migrate(settings)
        with closing(WarmWriter(settings)) as warm:
            for first in range(0, MINUTES, 1_000):
                warm.write([minute(SYMBOL, number) for number in range(first, first + 1_000)])
        limited = {"rate_limit_loopback": True, "trusted_proxies": ("127.0.0.1",), "ticker_symbols": (SYMBOL,)}
        return list(_others(settings.model_copy(update=limited)))


def _others(settings: Settings) -> Iterator[Figure]:
    port = settings.port("api")
    with command(settings, "serve") as process:
        wait_until(lambda: answers("127.0.0.1", port, "/readyz"), what="serve answers")
        server = psutil.Process(process.pid)
        _ask(port, 2)
        before = server.memory_info().rss
        alone = _ask(port, SECONDS)
        with _greedy(port):
            beside = _ask(port, SECONDS)
        grown = server.memory_info().rss - before
    alone_ms, beside_ms = (quantile(delays, 0.95) * 1_000 for delays in (alone, beside))
    yield Figure("others, 100 candles out of PostgreSQL: p95 alone", "ms", alone_ms)
    yield Figure(f"beside {AT_ONCE:,} greedy questions a second: p95", "ms", beside_ms, 2 * alone_ms)
    yield Figure("p50 alone", "ms", quantile(alone, 0.5) * 1_000)
    yield Figure("p50 beside them", "ms", quantile(beside, 0.5) * 1_000)
    yield Figure("memory (RSS), more than before", "MB", grown / 1e6)


def _ask(port: int, seconds: int) -> list[float]:
    """How long answers took, each asked when it is its time."""
    delays = []
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    began = time.perf_counter()
    for number in range(seconds * PER_SECOND):
        due = began + number / PER_SECOND
        time.sleep(max(0.0, due - time.perf_counter()))
        end = FIRST_MS + 60_000 * (1_000 + number)
        path = f"/api/v1/analytics/klines/{SYMBOL}?limit=100&end={end}"
        line.request("GET", path, headers={FORWARDED: f"198.51.100.{number % OTHERS}"})
        answer = line.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status}: {body[:200]!r}")
        delays.append(time.perf_counter() - due)
    line.close()
    return delays


@contextmanager
def _greedy(port: int) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-m", "bench.api.greedy", str(port)], stdout=subprocess.PIPE)
    try:
        if process.stdout is not None:
            process.stdout.readline()
        yield
    finally:
        process.kill()
        process.wait()


async def be_greedy(port: int) -> None:
    """On as many connections, once a second; says so when they are open."""
    lines = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", port) for _ in range(AT_ONCE)))
    print("open", flush=True)
    end = FIRST_MS + 60_000 * MINUTES
    while True:
        began = time.monotonic()
        with suppress(ConnectionError):
            await asyncio.gather(*(_ask_for_all(*line, end + number) for number, line in enumerate(lines)))
        await asyncio.sleep(max(0.0, began + 1 - time.monotonic()))


async def _ask_for_all(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, end: int) -> None:
    path = f"/api/v1/analytics/klines/{SYMBOL}?start=0&limit={1_000 if end % 2 else 10**9}&end={end}"
    writer.write(f"GET {path} HTTP/1.1\r\nHost: here\r\n{FORWARDED}: 203.0.113.1\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    await reader.readexactly(length)


if __name__ == "__main__":
    asyncio.run(be_greedy(int(sys.argv[1])))
