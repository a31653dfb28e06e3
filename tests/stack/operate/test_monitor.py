"""Who is silent is told to real sinks, once, by what a real Redis and PostgreSQL know."""

import json
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SettingsMaker
from tests.sink_server import Reply, SinkServer
from wickstream.config import Settings
from wickstream.operate.monitor import watch
from wickstream.store.hot.hour import open_client
from wickstream.store.lane.live import CLOCK_KEY, SYMBOLS_KEY

pytestmark = pytest.mark.stack


@pytest.fixture
def watched(
    database: Settings, redis: Settings, server: SinkServer, make_settings: SettingsMaker, tmp_path: Path
) -> Settings:
    """A stack in which nothing was ever heard of its only symbol, with a webhook."""
    own: dict[str, Any] = {name: getattr(redis, name) for name in ("redis_host", "redis_port", "redis_password")}
    own |= {name: getattr(database, name) for name in database.model_fields_set if name.startswith("postgres_")}
    own |= {"postgres_db": database.postgres_db, "postgres_host": database.postgres_host}
    own |= {"postgres_port": database.postgres_port, "postgres_password": database.postgres_password}
    with closing(open_client(redis)) as client:
        client.delete(CLOCK_KEY, SYMBOLS_KEY)
    return make_settings(
        tmp_path,
        ticker_symbols=("MUTEUSDT",),
        alert_sinks=("webhook", "log"),
        alert_allow_private=True,
        alert_webhook_url=f"{server.url}/hook",
        **own,
    )


def test_a_silent_symbol_is_told_of_once_over_several_runs(watched: Settings, server: SinkServer) -> None:
    first = watch(watched)
    assert first.stale == ("MUTEUSDT",)
    assert (first.told, first.trouble) == (2, ())
    assert [one.json["subject"] for one in server.received] == ["MUTEUSDT"]
    assert server.received[0].json["text"].startswith("MUTEUSDT silent: nothing was ever heard of it")

    again = watch(watched)
    assert (again.stale, again.told) == (("MUTEUSDT",), 0)
    assert len(server.received) == 1


def test_a_sink_that_fails_is_told_by_the_next_run_and_the_others_are_not_told_twice(
    watched: Settings, server: SinkServer
) -> None:
    server.script.append(Reply(status=503))
    first = watch(watched)
    assert first.told == 1
    assert len(first.trouble) == 1
    assert first.trouble[0].startswith("webhook: ")

    assert watch(watched).told == 1
    keys = [one.headers["Idempotency-Key"] for one in server.received]
    assert keys[0] == keys[1]


def test_without_redis_it_says_that_nobody_watches(watched: Settings, server: SinkServer) -> None:
    blind = watched.model_copy(update={"redis_port": 1})
    found = watch(blind)
    assert found.trouble == ("hot does not answer",)
    assert "not watched: hot does not answer" in server.received[0].json["text"]
    memory = json.loads((watched.data_dir / "run" / "monitor.json").read_bytes())
    assert memory["webhook"]["*"]["told_at_ms"] <= time.time() * 1_000
