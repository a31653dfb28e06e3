"""Metrics are an interface: Prometheus' own checker reads them."""

import subprocess

import pytest
from prometheus_client import generate_latest

from wickstream import metrics


@pytest.mark.system_program("promtool")
def test_prometheus_finds_nothing_to_object_to() -> None:
    metrics.TRADES_PUBLISHED.labels("ws").inc()

    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=generate_latest(), capture_output=True, check=False
    )

    assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")
