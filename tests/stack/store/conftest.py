"""The three stores, each test with a lake of its own and symbols that no other test has."""

import os
import uuid
from contextlib import closing
from pathlib import Path

import pytest
from redis.exceptions import RedisError

from tests.conftest import SettingsMaker
from tests.running import Launcher
from wickstream.config import Settings
from wickstream.operate.supervision.process import ProcessSpec
from wickstream.store.hot.hour import open_client
from wickstream.store.lane.live import CLOCK_KEY


@pytest.fixture
def stores(database: Settings, redis: Settings, tmp_path: Path) -> Settings:
    """Settings of all three tiers; the symbol is fresh, because Redis is shared, and the clock starts anew."""
    with closing(open_client(redis)) as client:
        client.delete(CLOCK_KEY)
    return database.model_copy(
        update={
            "redis_host": redis.redis_host,
            "redis_port": redis.redis_port,
            "redis_password": redis.redis_password,
            "cold_url": f"file:{tmp_path / 'lake'}",
            "cold_commit_seconds": 0.2,
            "ticker_symbols": (f"T{uuid.uuid4().hex[:8].upper()}USDT",),
        }
    )


@pytest.fixture(scope="session")
def redis_7(launcher: Launcher, make_settings: SettingsMaker, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of Debian's Redis, the oldest there may be; the suite's own is Valkey."""
    settings = make_settings(tmp_path_factory.mktemp("redis-7"))
    port = settings.port("redis")
    settings = settings.model_copy(update={"redis_host": "127.0.0.1", "redis_port": port})
    launcher.start(
        ProcessSpec(
            name="redis-7",
            argv=("redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"),
            env=dict(os.environ),
            cwd=settings.data_dir,
            is_ready=lambda: _answers(settings),
        )
    )
    return settings


def _answers(settings: Settings) -> bool:
    with closing(open_client(settings)) as client:
        try:
            return bool(client.ping())
        except RedisError:
            return False


@pytest.fixture
def symbol(stores: Settings) -> str:
    """The test's own."""
    return stores.ticker_symbols[0]
