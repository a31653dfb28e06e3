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
ONCE = ("secrets", "prepare", "scheduler")


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
        with up(Project(daemon, folder, port)) as running:
            yield running


def are_healthy(project: Project, *services: str) -> bool:
    return {project.health(service) for service in services} == {"healthy"}


def candles(project: Project, symbol: str) -> dict[int, list[Decimal]]:
    """Closed minutes, with open, high, low, close and volume."""
    found = project.ask(f"/api/v1/analytics/klines/{symbol}?interval=1m&limit=1000&closed_only=true") or {"data": []}
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


def test_airflow_keeps_the_schedule_where_it_is_asked_to(project: Project) -> None:
    wait_until(lambda: are_healthy(project, "airflow"), deadline_s=400, what="Airflow is healthy")
    password = project.compose("exec", "-T", "airflow", "cat", "/data/secrets/airflow_password")
    login = {"username": "admin", "password": password}
    token = project.ask("/auth/token", of="AIRFLOW", body=login)["access_token"]

    def has_succeeded() -> bool:
        path = "/api/v2/dags/ticker_monitor_dag/dagRuns?state=success"
        found = project.ask(path, of="AIRFLOW", token=token) or {"total_entries": 0}
        return bool(found["total_entries"])

    wait_until(has_succeeded, deadline_s=400, what="a run by the clock")
    assert "nothing to do" in project.compose("logs", "scheduler")


def test_prometheus_finds_every_process(project: Project) -> None:
    project.compose("up", "-d", "--no-build", "--no-deps", "prometheus")
    processes = {"connector", "stream", "tickers", "writer", "repair", "api"}

    def answering() -> set[str]:
        found = project.ask("/api/v1/query?query=up", of="PROMETHEUS") or {"data": {"result": []}}
        return {row["metric"]["process"] for row in found["data"]["result"] if row["value"][1] == "1"}

    wait_until(lambda: answering() >= processes, deadline_s=120, what="every process is scraped")
    rules = project.ask("/api/v1/rules", of="PROMETHEUS")["data"]["groups"]
    assert {rule["health"] for group in rules for rule in group["rules"]} <= {"ok", "unknown"}


def test_what_is_stored_is_there_after_down_and_up(project: Project) -> None:
    before = candles(project, "BTCUSDT")
    project.compose("down", "--timeout=10")
    project.compose("up", "-d", "--no-build")
    wait_until(lambda: are_healthy(project, *SERVERS, *OURS), deadline_s=240, what="all are healthy")
    assert candles(project, "BTCUSDT") == before != {}
