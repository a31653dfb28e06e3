"""Three brokers and a Spark cluster, once for all tests here."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.brokers import Brokers, three_brokers
from tests.cluster.workers import SparkCluster
from tests.conftest import SettingsMaker
from tests.running import Launcher
from wickstream.config import Settings

# An executor that fits beside two brokers and another worker on a laptop.
PARTITIONS = 4
_PROPERTIES = f"""
spark.executor.memory      512m
spark.executor.cores       1
spark.sql.shuffle.partitions {PARTITIONS}
spark.driver.host 127.0.0.1
"""

JobSettings = Callable[[str], Settings]
Figures = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def brokers(tmp_path_factory: pytest.TempPathFactory, make_settings: SettingsMaker) -> Iterator[Brokers]:
    with three_brokers(make_settings(tmp_path_factory.mktemp("kafka"))) as brokers:
        yield brokers


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, make_settings: SettingsMaker) -> Iterator[SparkCluster]:
    launcher = Launcher()
    yield SparkCluster(make_settings(tmp_path_factory.mktemp("spark")), launcher)
    launcher.close()


@pytest.fixture
def job_settings(brokers: Brokers, cluster: SparkCluster, make_settings: SettingsMaker, tmp_path: Path) -> JobSettings:
    """Makes settings of a job without a past; its checkpoint is where driver and workers both reach it."""

    def make(name: str) -> Settings:
        properties = tmp_path / "spark.properties"
        properties.write_text(_PROPERTIES, encoding="utf-8")
        return make_settings(
            tmp_path / name,
            kafka_bootstrap_servers=brokers.addresses,
            spark_master=cluster.url,
            spark_properties=properties,
            checkpoint_url=f"file:{tmp_path / 'shared' / name}",
        )

    return make


@pytest.fixture
def figures(tmp_path: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Figures:
    """Tells what was measured, on the terminal and as JSON in the test's folder."""

    def tell(measured: dict[str, Any]) -> None:
        text = json.dumps({request.node.name: measured}, indent=2)
        (tmp_path / "figures.json").write_text(text, encoding="utf-8")
        with capsys.disabled():
            print(f"\n{text}")  # noqa: T201 - the report of the test

    return tell
