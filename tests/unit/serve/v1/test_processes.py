"""What each process tells of itself."""

from pathlib import Path

import httpx
import pytest

from tests.conftest import SettingsMaker
from tests.serving import served
from tests.told_metrics import telling
from tests.unit.serve.fake_tiers import FakeTiers
from wickstream.config import Settings
from wickstream.metrics import EXPORTED, exposition
from wickstream.serve.app import build_app
from wickstream.serve.v1.processes import FIGURES, figures_of

CONNECTOR = b"""# TYPE wickstream_trades_published_total counter
wickstream_trades_published_total{source="ws"} 1200.0
wickstream_trades_published_total{source="rest"} 34.0
# TYPE wickstream_feed_lag_seconds gauge
wickstream_feed_lag_seconds 1.25
# TYPE process_start_time_seconds gauge
process_start_time_seconds 1.7e+09
# TYPE wickstream_memory_bytes gauge
wickstream_memory_bytes 5e+07
"""


@pytest.fixture
def settings(make_settings: SettingsMaker, tmp_path: Path) -> Settings:
    return make_settings(tmp_path, source="demo", hot_answer_ms=0)


def components(settings: Settings) -> dict[str, dict[str, object]]:
    with served(build_app(settings, open_reader=FakeTiers().opened)) as address:
        body = httpx.get(f"{address}/api/v1/system/components", trust_env=False).json()
    return {row["component"]: row for row in body["components"]}


@pytest.mark.parametrize("process", EXPORTED)
def test_every_figure_is_a_metric_of_that_process(process: str) -> None:
    ours = {family.name for metric in EXPORTED[process] for family in metric.describe()}
    ours |= {f"{name}{ending}" for name in ours for ending in ("_total", "_sum", "_count")}
    assert {metric for metric in FIGURES[process].values() if metric not in ours} == set()
    assert "memory_bytes" in figures_of(process, exposition(process))


def test_a_process_that_answers_tells_its_figures(settings: Settings) -> None:
    with telling(settings.port("connector"), lambda: CONNECTOR):
        connector = components(settings)["connector"]
    assert (connector["state"], connector["why"], connector["memory_bytes"]) == ("up", None, 50_000_000)
    assert connector["started_at"] == 1_700_000_000_000
    assert connector["figures"] == [{"name": "rows", "value": 1_234}, {"name": "lag_ms", "value": 1_250}]


def test_of_one_that_does_not_answer_nothing_is_invented(settings: Settings) -> None:
    with telling(settings.port("repair"), lambda: b"hello"):
        found = components(settings)
    writer, at = found["writer"], f"127.0.0.1:{settings.port('writer')}"
    assert (writer["state"], writer["why"], writer["figures"]) == ("unknown", f"nobody answers at {at}", [])
    assert writer["memory_bytes"] is None
    assert found["repair"]["state"] == "unknown"
    assert found["api"]["state"] == "up"  # itself


def test_in_containers_each_is_asked_at_the_host_of_its_name(settings: Settings) -> None:
    found = components(settings.model_copy(update={"process_hosts": "by-name"}))
    assert found["tickers"]["at"] == f"tickers:{settings.port('tickers')}"
    assert found["tickers"]["state"] == "unknown"


def test_it_tells_where_else_to_look(settings: Settings) -> None:
    shown = settings.model_copy(update={"airflow": True, "grafana_url": "https://grafana.example.com/"})
    with served(build_app(shown, open_reader=FakeTiers().opened)) as address:
        links = httpx.get(f"{address}/api/v1/system/components", trust_env=False).json()["links"]
    airflow = f"http://127.0.0.1:{settings.port('airflow')}/"
    assert links == {"docs": "/docs", "grafana": "https://grafana.example.com/", "airflow": airflow}
