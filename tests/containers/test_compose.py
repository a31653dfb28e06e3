"""`docker-compose up -d`: all comes up, the captures come out as the exchange's klines, what dies comes back."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.clients.truth import official_klines
from tests.conftest import free_port_base
from tests.containers.daemon import docker, lacking
from tests.containers.project import Project, up
from tests.containers.standins import build_all, build_product
from tests.minio_server import NO_GO, find_go
from tests.running import wait_until
from wickstream.config import Settings

pytestmark = [pytest.mark.containers, pytest.mark.slow, pytest.mark.timeout(1_800)]

OURS = ("exchange", "connector", "stream", "tickers", "writer", "repair", "api")
SERVERS = ("kafka", "redis", "postgres", "minio")
ONCE = ("secrets", "prepare")


@pytest.fixture(scope="module")
def project(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    if reason := lacking():
        pytest.skip(reason)
    go = find_go()
    if go is None:
        pytest.skip(NO_GO)
    folder, port = tmp_path_factory.mktemp("compose"), free_port_base()
    with docker(tmp_path_factory.mktemp("docker")) as daemon:
        build_all(daemon, settings, go)
        build_product(daemon)
        with up(Project(daemon, folder, port, port + 1)) as running:
            yield running


def are_healthy(project: Project, *services: str) -> bool:
    return {project.health(service) for service in services} == {"healthy"}


def candles(project: Project, symbol: str) -> dict[int, list[Decimal]]:
    """Closed minutes, with open, high, low, close and volume."""
    found = project.get(f"/api/v1/analytics/klines/{symbol}?interval=1m&limit=1000&closed_only=true") or {"data": []}
    fields = ("open", "high", "low", "close", "volume")
    return {row["open_time"]: [Decimal(row[field]) for field in fields] for row in found["data"]}


def test_everything_comes_up_in_order_as_nobody_and_on_loopback_only(project: Project) -> None:
    wait_until(lambda: are_healthy(project, *SERVERS, *OURS), deadline_s=240, what="all are healthy")
    assert {project.health(service) for service in ONCE} == {"exited 0"}
    for service in (*SERVERS, *OURS):
        found = project.inspect(service)
        assert found["Config"]["User"] not in ("", "0", "root"), service
        assert found["HostConfig"]["CapDrop"] == ["ALL"], service
        assert found["HostConfig"]["Memory"] > 0, service
        published = [each["HostIp"] for ports in found["HostConfig"]["PortBindings"].values() for each in ports]
        assert set(published) <= {"127.0.0.1"}, service
    assert all(project.inspect(service)["HostConfig"]["ReadonlyRootfs"] for service in OURS)


def test_the_captures_come_out_as_the_exchanges_own_klines(project: Project) -> None:
    official = {row[0]: [Decimal(text) for text in row[1:6]] for row in official_klines("1m")}
    wait_until(lambda: candles(project, "BTCUSDT") == official, deadline_s=240, what="the candles equal the klines")


@pytest.mark.parametrize("service", ["writer", "api", "kafka"])
def test_what_is_killed_comes_back_by_itself(project: Project, service: str) -> None:
    before = project.inspect(service)["RestartCount"]
    project.kill(service)
    wait_until(lambda: project.inspect(service)["RestartCount"] == before + 1, deadline_s=60, what="it is restarted")
    wait_until(lambda: are_healthy(project, service, "api"), deadline_s=240, what="it is healthy again")


def test_what_is_stored_is_there_after_down_and_up(project: Project) -> None:
    before = candles(project, "BTCUSDT")
    project.compose("down", "--timeout=10")
    project.compose("up", "-d", "--no-build")
    wait_until(lambda: are_healthy(project, *SERVERS, *OURS), deadline_s=240, what="all are healthy")
    assert candles(project, "BTCUSDT") == before != {}
