"""The real servers, started once for all tests that ask for them."""

import json
import os
import random
import shutil
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hypothesis
import psycopg
import pytest
from psycopg import sql
from pydantic_settings import SettingsConfigDict

from tests.running import Launcher
from wickstream.config import PORT_OFFSETS, Settings
from wickstream.operate.doctor import SYSTEM_PACKAGES
from wickstream.operate.servers.local import kafka_spec, postgres_spec, redis_spec, with_local_addresses
from wickstream.store.warm.database import conninfo
from wickstream.store.warm.migrations import migrate

# A busy machine must not fail a property: the limit is the whole test's.
hypothesis.settings.register_profile(
    "wickstream", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("wickstream")
# What decides whether a change lands tries the same examples each time: a new one is for who can look into it.
hypothesis.settings.register_profile("landing", parent=hypothesis.settings.get_profile("wickstream"), derandomize=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--require-system-packages`: for machines that are meant to run every test."""
    parser.addoption(
        "--require-system-packages",
        action="store_true",
        help="fail, instead of skipping, a test whose Debian package is not installed",
    )


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a program that is not there; `wickstream doctor` lists the same packages."""
    for marker in item.iter_markers("system_program"):
        program = marker.args[0]
        if shutil.which(program) is None:
            message = f"needs the Debian package {SYSTEM_PACKAGES[program]}"
            if item.config.getoption("--require-system-packages"):
                pytest.fail(message, pytrace=False)
            pytest.skip(message)


SettingsMaker = Callable[..., Settings]

UNSET = ("kafka_bootstrap_servers", "redis_host", "postgres_host", "minio_endpoint", "cold_url", "java_home")


class IsolatedSettings(Settings):
    """Settings that do not read the developer's `.env`."""

    model_config = SettingsConfigDict(env_file=None)


def free_port_base() -> int:
    """A base whose ports are all free now; below the range from which the system hands out its own.

    Of test runs that share the work each takes from bases of its own: ports are free until they are bound.
    """
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    count = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    for base in random.sample(range(18_000, 32_000, 21)[number::count], 200):
        if all(map(_is_free, (base + offset for offset in PORT_OFFSETS.values()))):
            return base
    raise AssertionError("no twenty free ports in a row")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@pytest.fixture(scope="module")
def port_base() -> int:
    """Twenty ports for a module's own processes; several test runs may share a machine."""
    return free_port_base()


@pytest.fixture(scope="session")
def make_settings() -> SettingsMaker:
    """Settings of a test: two symbols, free ports, and nothing of the developer's environment but the cache."""

    def make(data_dir: Path, **values: Any) -> Settings:
        own: dict[str, Any] = dict.fromkeys(UNSET)
        own |= {"data_dir": data_dir, "port_base": free_port_base(), "ticker_symbols": ("BTCUSDT", "ETHUSDT")}
        own |= {"alert_sinks": ("log",)}
        return IsolatedSettings(**(own | values))

    return make


@pytest.fixture(scope="session")
def launcher() -> Iterator[Launcher]:
    """Starts processes by their specs; all are stopped at the end, also if the test run is killed."""
    launcher = Launcher()
    yield launcher
    launcher.close()


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory, make_settings: SettingsMaker) -> Settings:
    """One data folder for the whole run and its servers."""
    return make_settings(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="session")
def kafka(settings: Settings, launcher: Launcher) -> str:
    """Bootstrap servers of a running broker without topics."""
    launcher.start(kafka_spec(settings))
    return settings.kafka


@pytest.fixture(scope="session")
def own_postgres(settings: Settings, launcher: Launcher) -> Settings:
    """The one that the stack brings; by a name of its own, so that who runs on others too does not start it again."""
    launcher.start(postgres_spec(settings))
    return with_local_addresses(settings)


@pytest.fixture(scope="session")
def postgres(own_postgres: Settings) -> Settings:
    """Settings with address and password of a running, empty PostgreSQL."""
    return own_postgres


@pytest.fixture(scope="session")
def redis(settings: Settings, launcher: Launcher) -> Settings:
    """Settings with address and password of a running, empty Redis."""
    launcher.start(redis_spec(settings))
    return with_local_addresses(settings)


@contextmanager
def new_database(postgres: Settings) -> Iterator[Settings]:
    """Settings of a database without any table, for the time of the block."""
    name = f"store_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(conninfo(postgres), autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield postgres.model_copy(update={"postgres_db": name})
        conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def empty_database(postgres: Settings) -> Iterator[Settings]:
    """Settings of a database without any table."""
    with new_database(postgres) as settings:
        yield settings


@pytest.fixture
def database(empty_database: Settings) -> Settings:
    """Settings of an empty database with our tables."""
    migrate(empty_database)
    return empty_database


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """What a test measured; kept in the file that WICKSTREAM_CHAOS_REPORT names, if it names one."""
    measured: dict[str, Any] = {}
    began = time.monotonic()
    yield measured
    if file := os.environ.get("WICKSTREAM_CHAOS_REPORT"):
        report = Path(file)
        known = json.loads(report.read_text("utf-8")) if report.exists() else {}
        known[request.node.name] = {"seconds": round(time.monotonic() - began, 1), **measured}
        report.write_text(json.dumps(known, indent=2), "utf-8")
