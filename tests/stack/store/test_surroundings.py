"""What is told of the servers, as they come and go."""

import threading
from contextlib import closing

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from tests.candles import minute
from tests.conftest import SettingsMaker, free_port_base
from tests.running import Launcher, wait_until
from tests.writing import in_thread
from wickstream.config import Settings
from wickstream.events import Author, SymbolEvent
from wickstream.operate.servers.local import redis_spec, with_local_addresses
from wickstream.store.intake import Batch
from wickstream.store.surroundings import COMPLETENESS_EVERY_S, Surroundings, watch
from wickstream.store.tiers import Warm

pytestmark = pytest.mark.stack


@pytest.fixture
def around(stores: Settings, kafka: str) -> Settings:
    """Settings of all servers."""
    return stores.model_copy(update={"kafka_bootstrap_servers": kafka})


def told(name: str, **labels: str) -> float | None:
    """A metric of ours, as it stands now."""
    return REGISTRY.get_sample_value(f"wickstream_{name}", labels)


def are_up() -> dict[str, bool]:
    return {server: told("server_up", server=server) == 1 for server in ("kafka", "redis", "postgres")}


def test_each_server_is_asked_and_what_it_uses_is_told(around: Settings) -> None:
    with closing(Surroundings(around)) as surroundings:
        surroundings.look(threading.Event())

    assert are_up() == {"kafka": True, "redis": True, "postgres": True}
    used, limit = told("redis_used_bytes"), told("redis_limit_bytes")
    assert used is not None
    assert 0 < used < (limit or 0) == 256 * 1_024**2
    assert (told("postgres_bytes") or 0) > 1_000_000
    assert 0 < (told("postgres_connections") or 0) < (told("postgres_connections_limit") or 0)
    assert 0 < (told("disk_free_bytes") or 0) <= (told("disk_size_bytes") or 0)


@pytest.mark.parametrize(
    ("server", "elsewhere"),
    [("kafka", "kafka_bootstrap_servers"), ("redis", "redis_port"), ("postgres", "postgres_port")],
)
def test_one_that_is_away_is_told_and_the_others_are_asked_on(around: Settings, server: str, elsewhere: str) -> None:
    nobody = free_port_base()
    away = {elsewhere: f"127.0.0.1:{nobody}" if server == "kafka" else nobody}
    with closing(Surroundings(around.model_copy(update=away))) as surroundings:
        surroundings.look(threading.Event())

    assert are_up() == {"kafka": True, "redis": True, "postgres": True} | {server: False}


def test_one_that_comes_back_is_found(
    around: Settings, make_settings: SettingsMaker, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory
) -> None:
    own = make_settings(tmp_path_factory.mktemp("mortal"))
    there = with_local_addresses(own)
    names = ("redis_host", "redis_port", "redis_password")
    settings = around.model_copy(update={name: getattr(there, name) for name in names})
    running = launcher.start(redis_spec(own))
    with closing(Surroundings(settings)) as surroundings, capture_logs() as logs:

        def is_up() -> bool:
            surroundings.look(threading.Event())
            return told("server_up", server="redis") == 1

        found = [is_up()]
        running.kill()
        found += [is_up(), is_up()]
        launcher.start(redis_spec(own))
        found.append(is_up())
    assert found == [True, False, False, True]
    assert [(line["event"], line["server"]) for line in logs] == [
        ("a server does not answer", "redis"),
        ("a server answers again", "redis"),
    ]


def test_symbols_that_are_not_followed_any_more_are_forgotten(around: Settings, symbol: str) -> None:
    now_s = 0.0
    with closing(Warm(around)) as warm, closing(Surroundings(around, clock=lambda: now_s)) as surroundings:
        warm.take(Batch(candles=[minute(symbol, number) for number in (0, 1, 3, 4)], events=[chosen(symbol, 10)]))
        surroundings.look(threading.Event())
        assert told("complete_minutes_ratio", symbol=symbol) == 0.75
        warm.take(Batch(events=[chosen(symbol, 20, chosen=False)]))
        surroundings.look(threading.Event())
        assert told("complete_minutes_ratio", symbol=symbol) == 0.75
        now_s = COMPLETENESS_EVERY_S
        surroundings.look(threading.Event())
        assert told("complete_minutes_ratio", symbol=symbol) is None


def chosen(symbol: str, since: int, *, chosen: bool = True) -> SymbolEvent:
    return SymbolEvent(symbol, Author.EXCHANGE, "TRADING", since, chosen=chosen, chosen_by="list", shard="0/1")


def test_it_goes_on_until_told_to_stop(around: Settings) -> None:
    nobody = around.model_copy(update={"redis_port": free_port_base()})
    with in_thread(lambda stop: watch(nobody, stop=stop)):
        wait_until(lambda: are_up() == {"kafka": True, "redis": False, "postgres": True}, what="a look")
