"""`connect --ensure`: a connector where there is none, and no second one beside it, whoever comes first."""

import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import SettingsMaker
from tests.running import Launcher, Running, wait_until
from wickstream.bus.topics import create_topics
from wickstream.config import Settings, child_environment
from wickstream.operate.stack import answers
from wickstream.operate.supervision.process import ProcessSpec

pytestmark = pytest.mark.stack

STARTS_S = 90.0
Connect = Callable[..., Running]


@pytest.fixture
def connect(
    exchange: Settings, kafka: str, launcher: Launcher, make_settings: SettingsMaker, tmp_path: Path
) -> Iterator[Connect]:
    """Starts a connector as a host of its own would: other ports, another folder, the same Kafka and shard."""
    create_topics(kafka)
    started: list[Running] = []

    def start(*options: str, until_live: bool = True) -> Running:
        folder = tmp_path / str(len(started))
        ports = make_settings(folder).port_base
        settings = exchange.model_copy(
            update={
                "kafka_bootstrap_servers": kafka,
                "exchange_ws_url": exchange.exchange_rest_url.replace("http", "ws", 1),
                "data_dir": folder,
                "connector_metrics_port": ports + 6,
            }
        )
        spec = ProcessSpec(
            name=f"connect-{len(started)}",
            argv=(sys.executable, "-m", "wickstream", "connect", *options),
            env=child_environment(settings),
            cwd=folder,
            is_ready=lambda: answers("127.0.0.1", ports + 6, "/metrics") and published(ports + 6) > 0,
        )
        started.append(launcher.start(spec, deadline_s=STARTS_S) if until_live else launcher.spawn(spec))
        return started[-1]

    yield start
    for running in started:
        if running.process.poll() is None:
            running.stop()


def published(port: int) -> float:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.split()[1]) for line in lines if line.startswith("wickstream_trades_published_total{"))


def said(running: Running) -> str:
    return running.log.read_text()


def ends_well(running: Running) -> bool:
    try:
        return running.process.wait(STARTS_S) == 0
    except subprocess.TimeoutExpired:
        return False


def test_where_a_connector_runs_it_says_who_and_ends_and_the_other_goes_on(connect: Connect) -> None:
    holder = connect()
    ensured = connect("--ensure", until_live=False)
    assert ends_well(ensured), said(ensured)
    assert f"pid {holder.pid}" in said(ensured)
    wait_until(holder.spec.is_ready)
    assert holder.process.poll() is None
    assert "taking over" not in said(holder)


def test_where_none_runs_it_is_the_connector_and_one_that_is_started_as_usual_takes_over_from_it(
    connect: Connect,
) -> None:
    ensured = connect("--ensure")
    usual = connect()
    assert ends_well(ensured), said(ensured)
    assert "another that took over" in said(ensured)
    assert usual.process.poll() is None


def test_of_one_that_was_killed_it_takes_the_place(connect: Connect) -> None:
    connect().kill()
    assert connect("--ensure").process.poll() is None
