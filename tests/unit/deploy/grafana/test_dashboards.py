"""What Grafana is given is what the code makes, and leads nowhere that is not there."""

import json
import re
from itertools import combinations
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
from prometheus_client import PROCESS_COLLECTOR
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.metrics_core import Metric

from deploy.grafana.boards import NAMES
from deploy.grafana.sql import WIDTHS_MS
from deploy.grafana.writing import files
from tests.dashboards import FOLDER, GRAFANA, panels_of, questions, stored
from wickstream import metrics
from wickstream.candle import INTERVALS, window_end, window_start

DASHBOARDS = stored()
SOURCES = (GRAFANA / "provisioning" / "datasources" / "wickstream.yaml").read_text("utf-8")
COLUMNS = 24  # of Grafana's grid
METRIC = re.compile(r"\b(?:up|[a-z]+_\w+)(?=[{\[)])")  # a name with a selector, a range or a bracket behind it

every_dashboard = pytest.mark.parametrize("dashboard", DASHBOARDS.values(), ids=DASHBOARDS)
every_panel = pytest.mark.parametrize(
    "panel", [panel for board in DASHBOARDS.values() for panel in panels_of(board)], ids=lambda panel: panel["title"]
)


def test_the_files_are_what_the_code_makes_now() -> None:
    assert {file.name: file.read_text("utf-8") for file in FOLDER.iterdir()} == files(), "say `make dashboards`"


def test_there_are_four_with_the_names_and_uids_that_links_rely_on() -> None:
    assert {one["uid"]: one["title"] for one in DASHBOARDS.values()} == NAMES
    assert all(name == f"{one['uid']}.json" for name, one in DASHBOARDS.items())


@every_dashboard
def test_the_schema_knows_every_word_of_it(dashboard: dict[str, Any]) -> None:
    register_default_plugins()

    again = json.loads(json.dumps(Dashboard.from_json(dashboard), cls=JSONEncoder))

    assert again == dashboard


@every_dashboard
def test_panels_have_numbers_of_their_own_and_do_not_overlap(dashboard: dict[str, Any]) -> None:
    numbers = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(numbers)) == len(numbers)
    places = [panel["gridPos"] for panel in dashboard["panels"]]
    assert all(place["x"] + place["w"] <= COLUMNS for place in places)
    assert not [pair for pair in combinations(places, 2) if overlap(*pair)]


def overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    return all(
        one[start] < other[start] + other[size] and other[start] < one[start] + one[size]
        for start, size in (("x", "w"), ("y", "h"))
    )


@every_panel
def test_a_panel_says_what_it_shows_and_in_which_unit(panel: dict[str, Any]) -> None:
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["targets"]


def test_every_source_that_is_asked_is_provisioned() -> None:
    named = set(re.findall(r"uid: (\S+)\n    type: (\S+)", SOURCES))
    asked = {(source["uid"], source["type"]) for source in (one.target["datasource"] for one in questions())}
    assert asked == named


def test_addresses_and_secrets_come_from_the_environment_and_nobody_asks_as_the_owner() -> None:
    given = re.findall(r"(?:url|user|password|database|sslmode): (.*)", SOURCES)
    assert given
    assert all(re.fullmatch(r"(\$\{\w+\}:?)+", value) for value in given)
    assert "user: ${POSTGRES_READ_USER}" in SOURCES


def test_every_metric_is_one_of_ours_or_what_python_tells_of_a_process() -> None:
    named = [family for metric in vars(metrics).values() if isinstance(metric, MetricWrapperBase)
             for family in metric.describe()]  # fmt: skip
    there = {sample for family in (*named, *PROCESS_COLLECTOR.collect()) for sample in samples_of(family)}
    asked = {name for one in questions() if not one.sql for name in METRIC.findall(one.target["expr"])}
    assert asked
    assert asked - there == {"up"}


def samples_of(family: Metric) -> list[str]:
    endings = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}
    return [family.name + ending for ending in endings.get(family.type, [""])]


@every_dashboard
def test_links_lead_to_dashboards_that_are_there(dashboard: dict[str, Any]) -> None:
    assert set(re.findall(r"/d/([\w-]+)", json.dumps(dashboard))) <= set(NAMES)
    assert [tag for link in dashboard["links"] for tag in link["tags"]] == dashboard["tags"]


def test_intervals_are_the_exchanges_own_as_far_as_all_windows_are_alike() -> None:
    uneven = {"1M"}
    from_another_day = {"3d"}
    assert {*WIDTHS_MS} == {*INTERVALS} - uneven - from_another_day
    for interval, width_ms in WIDTHS_MS.items():
        opened = window_start(1_796_048_222_779, interval)
        assert window_end(opened, interval) - opened == width_ms
