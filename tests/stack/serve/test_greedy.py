"""S5: a thousand questions at once for all there ever was: bounded bodies, bounded memory, and it goes on answering."""

import asyncio
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager

import httpx
import psutil
import pytest

from tests.candles import minute
from tests.conftest import SettingsMaker
from tests.running import wait_until
from wickstream.config import Settings, child_environment
from wickstream.operate.stack import answers
from wickstream.store.warm.migrations import migrate
from wickstream.store.warm.writer import WarmWriter

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]

SYMBOL = "GREEDYUSDT"
MINUTES = 10_000
QUESTIONS = 1_000
LARGEST_BODY = 1_000_000
MOST_GROWTH = 150_000_000
PROGRAM = "from wickstream.config import read_settings; from wickstream.serve.app import run; run(read_settings())"


@pytest.fixture(scope="module")
def served(
    postgres: Settings, redis: Settings, make_settings: SettingsMaker, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """A week of a symbol in PostgreSQL."""
    own = make_settings(tmp_path_factory.mktemp("greedy"), ticker_symbols=(SYMBOL,), source="demo", hot_answer_ms=0)
    addresses = ("redis_host", "redis_port", "redis_password", "postgres_host", "postgres_port", "postgres_db")
    stores = {name: getattr(redis if name.startswith("redis") else postgres, name) for name in addresses}
    users = {name: getattr(postgres, name) for name in ("postgres_user", "postgres_password")}
    settings = own.model_copy(update=stores | users)
    migrate(settings)
    with closing(WarmWriter(settings)) as warm:
        for first in range(0, MINUTES, 1_000):
            warm.write([minute(SYMBOL, number) for number in range(first, first + 1_000)])
    return settings


@contextmanager
def api(settings: Settings) -> Iterator[tuple[str, psutil.Process]]:
    """A process of its own: its memory is what is looked at."""
    process = subprocess.Popen([sys.executable, "-c", PROGRAM], env=child_environment(settings))
    port = settings.port("api")
    try:
        wait_until(lambda: answers("127.0.0.1", port, "/readyz"), what="the API answers")
        yield f"http://127.0.0.1:{port}", psutil.Process(process.pid)
    finally:
        process.kill()
        process.wait()


def questions() -> list[str]:
    """No two alike, so that none is answered with another's answer."""
    klines = f"/api/v1/analytics/klines/{SYMBOL}?start=0&limit="
    ends = range(1_723_161_600_000 + 60_000 * MINUTES, 1_723_161_600_000 + 60_000 * MINUTES + QUESTIONS)
    return [f"{klines}{1_000 if end % 2 else 10**9 + end}&end={end}" for end in ends]


async def ask_all(address: str) -> tuple["Counter[int]", int]:
    """How many were answered how, and the largest body."""
    limits = httpx.Limits(max_connections=QUESTIONS)
    async with httpx.AsyncClient(base_url=address, trust_env=False, limits=limits, timeout=120) as client:
        found = await asyncio.gather(*map(client.get, questions()))
    return Counter(answer.status_code for answer in found), max(len(answer.content) for answer in found)


def resident(process: psutil.Process) -> int:
    found: int = process.memory_info().rss
    return found


class Peak:
    """The largest resident memory of a process, looked at a hundred times a second."""

    def __init__(self, process: psutil.Process) -> None:
        self.largest = resident(process)
        self._process = process
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        while not self._ended.wait(0.01):
            self.largest = max(self.largest, resident(self._process))

    def end(self) -> int:
        self._ended.set()
        self._thread.join()
        return self.largest


def test_who_asks_for_everything_gets_pages_and_refusals_and_the_process_stays_small(served: Settings) -> None:
    with api(served) as (address, process):
        assert httpx.get(f"{address}/api/v1/analytics/klines/{SYMBOL}?limit=1000", trust_env=False).status_code == 200
        before, peak = resident(process), Peak(process)
        statuses, largest_body = asyncio.run(ask_all(address))
        grown = peak.end() - before
        assert httpx.get(f"{address}/api/v1/analytics/klines/{SYMBOL}?limit=5", trust_env=False).status_code == 200

    assert set(statuses) <= {200, 422, 503}
    assert statuses[422] + statuses[503] >= QUESTIONS // 2  # limits beyond a page, and too many at once
    assert min(statuses[422], statuses[200]) > 0
    assert largest_body < LARGEST_BODY
    assert grown < MOST_GROWTH, f"{grown / 1e6:.0f} MB"
