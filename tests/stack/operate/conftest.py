"""A local exchange, and stores for what is repaired from it."""

import sys
import uuid
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.candles import minute
from tests.conftest import SettingsMaker
from tests.emptied_topics import empty_topics
from tests.proven_candles import LAST
from tests.running import Launcher
from wickstream.bus.topics import create_topics
from wickstream.config import Settings, child_environment
from wickstream.operate.stack import answers
from wickstream.operate.supervision.process import ProcessSpec
from wickstream.store.cold.candles import ColdCandles
from wickstream.store.hot.hour import HotWriter
from wickstream.store.warm.writer import WarmWriter


@pytest.fixture(scope="module")
def exchange(launcher: Launcher, make_settings: SettingsMaker, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings that lead to a running local exchange."""
    settings = make_settings(tmp_path_factory.mktemp("exchange"))
    host = "127.0.0.1"
    launcher.start(
        ProcessSpec(
            name="exchange",
            argv=(sys.executable, "-m", "wickstream", "exchange"),
            env=child_environment(settings),
            cwd=settings.data_dir,
            is_ready=lambda: answers(host, settings.port("exchange"), "/api/v3/ping"),
        )
    )
    urls = {
        f"exchange_{name}_url": f"http://{host}:{settings.port(port)}"
        for name, port in (("rest", "exchange"), ("trades", "exchange-api"), ("archive", "exchange-archive"))
    }
    return settings.model_copy(update=urls | {"source": "demo"})


@pytest.fixture
def field(exchange: Settings, database: Settings, kafka: str, tmp_path: Path) -> Settings:
    """Settings of the exchange, a database of the test's own, a lake and a broker."""
    create_topics(kafka)
    empty_topics(kafka)  # an empty database takes all that is there
    update = {
        name: getattr(database, name)
        for name in ("postgres_host", "postgres_port", "postgres_user", "postgres_password", "postgres_db")
    }
    update |= {"kafka_bootstrap_servers": kafka, "cold_url": f"file:{tmp_path / 'lake'}", "data_dir": tmp_path}
    return exchange.model_copy(update=update)


@pytest.fixture
def stored(database: Settings, redis: Settings, tmp_path: Path) -> Settings:
    """Two hours of a symbol in three tiers."""
    symbol = f"V{uuid.uuid4().hex[:8].upper()}USDT"
    own: dict[str, Any] = {name: getattr(redis, name) for name in ("redis_host", "redis_port", "redis_password")}
    own |= {"cold_url": f"file:{tmp_path / 'lake'}", "ticker_symbols": (symbol,)}
    settings = database.model_copy(update=own)
    rows = [minute(symbol, number) for number in range(LAST)]
    with closing(WarmWriter(settings)) as warm, closing(HotWriter(settings)) as hot:
        warm.write(rows)
        hot.write(rows)
    ColdCandles(settings).store(rows, {})
    return settings
