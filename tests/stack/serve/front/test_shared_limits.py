"""S3: four workers, many clients, headers that lie, and Redis killed midway."""

import asyncio
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import aiohttp
import httpx
import pytest

from tests.conftest import SettingsMaker, free_port_base
from tests.running import Launcher, Running, wait_until
from wickstream.config import Settings, child_environment
from wickstream.operate.servers.local import redis_spec, with_local_addresses

pytestmark = pytest.mark.stack

PROGRAM = "from wickstream.config import read_settings; from wickstream.serve.app import run; run(read_settings())"
WORKERS, CLIENTS, LIMIT = 4, 50, 800
PATH = "/api/v1/nothing"  # counted as all of /api/v1, and asks no store


@pytest.fixture(scope="module")
def counting(make_settings: SettingsMaker, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return make_settings(
        tmp_path_factory.mktemp("limits"),
        source="demo",
        api_workers=WORKERS,
        rate_limit_per_minute=LIMIT,
        rate_limit_loopback=True,
    )


@pytest.fixture
def own_redis(counting: Settings, launcher: Launcher) -> Running:
    return launcher.start(redis_spec(counting))


@pytest.fixture
def workers(counting: Settings, own_redis: Running) -> Iterator[list[str]]:
    with ExitStack() as stack:
        yield [stack.enter_context(a_worker(with_local_addresses(counting))) for _ in range(WORKERS)]


def a_worker(settings: Settings) -> "Worker":
    return Worker(settings.model_copy(update={"port_base": free_port_base()}))


class Worker:
    """An API process; its address, for the time of the block."""

    def __init__(self, settings: Settings) -> None:
        self._address = f"http://127.0.0.1:{settings.port('api')}"
        self._process = subprocess.Popen([sys.executable, "-c", PROGRAM], env=child_environment(settings))

    def __enter__(self) -> str:
        wait_until(self._answers, what="the API answers", deadline_s=60)
        return self._address

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self._address}/livez", trust_env=False).is_success
        except httpx.TransportError:
            return False


async def ask_all(workers: list[str], own_redis: Running, requests: int) -> Counter[int]:
    """Statuses, of all clients; Redis is killed after a third of the limit."""
    found: Counter[int] = Counter()

    async def client(number: int) -> None:
        async with aiohttp.ClientSession() as session:
            for turn in range(requests):
                lie = {"X-Forwarded-For": f"203.0.113.{(number * requests + turn) % 250}"}
                async with session.get(f"{workers[number % WORKERS]}{PATH}", headers=lie) as answer:
                    found[answer.status] += 1
                if found.total() == LIMIT // 3:
                    own_redis.kill()

    await asyncio.gather(*map(client, range(CLIENTS)))
    return found


def test_no_more_is_accepted_than_the_limit_whoever_lies_and_whatever_dies(
    workers: list[str], own_redis: Running
) -> None:
    began = time.monotonic()
    found = asyncio.run(ask_all(workers, own_redis, 2 * LIMIT // CLIENTS))
    minutes = 1 + (time.monotonic() - began) // 60  # each has as much; of this machine it may need two
    assert set(found) == {404, 429}
    assert LIMIT // 3 < found[404] <= LIMIT * 1.01 * minutes
