"""Metrics are an interface: Prometheus' own checker reads them, and a page lists them."""

import subprocess
from pathlib import Path

import pytest
from prometheus_client.metrics import MetricWrapperBase

from wickstream import metrics
from wickstream.metrics import EXPORTED, exposition

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
ALL = [one for one in vars(metrics).values() if isinstance(one, MetricWrapperBase)]
ENDINGS = {"counter": "_total", "info": "_info"}


def name_of(metric: MetricWrapperBase) -> str:
    """As Prometheus knows it."""
    (family,) = metric.describe()
    return family.name + ENDINGS.get(family.type, "")


def row_of(metric: MetricWrapperBase) -> str:
    """Of the page's table."""
    (family,) = metric.describe()
    processes = [process for process, exported in EXPORTED.items() if metric in exported]
    cells = (f"`{name_of(metric)}`", family.type, ", ".join(metric._labelnames), ", ".join(processes) or "all")
    return f"| {' | '.join((*cells, family.documentation))} |"


@pytest.mark.system_program("promtool")
@pytest.mark.parametrize("process", EXPORTED)
def test_prometheus_finds_nothing_to_object_to(process: str) -> None:
    metrics.TRADES_PUBLISHED.labels("ws").inc()

    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=exposition(process), capture_output=True, check=False
    )

    assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")


def test_every_metric_is_some_process_own() -> None:
    exported = {id(metric) for some in EXPORTED.values() for metric in some} | set(map(id, metrics.OF_ALL))
    assert [name_of(metric) for metric in ALL if id(metric) not in exported] == []


def test_a_process_exports_its_own_metrics_and_nobody_elses_zeros() -> None:
    text = exposition("repair").decode()
    assert "\nwickstream_open_ids " in text
    assert "wickstream_build_info{" in text
    assert "process_resident_memory_bytes" in text
    assert "wickstream_frames_total" not in text


def test_what_alerts_count_reads_0_before_the_first() -> None:
    text = exposition("connector").decode()
    assert 'wickstream_dead_letters_total{reason="malformed"}' in text
    assert 'wickstream_marks_published_total{kind="corrected"}' in text


def test_the_page_lists_every_metric_as_it_is() -> None:
    listed = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `wickstream_")]
    expected = [row_of(metric) for metric in ALL]
    assert listed == expected, "docs/metrics.md should list:\n" + "\n".join(expected)
