"""The same job by `spark-submit`, from nothing but the folder that `wickstream ship` fills."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from tests.cluster.brokers import Brokers
from tests.cluster.conftest import JobSettings
from tests.cluster.crowd import Crowd, publish
from tests.cluster.job import Job
from tests.cluster.test_cluster import PATIENCE_S, closed, facts, wait_for_closed
from tests.cluster.workers import SPARK_HOME, SparkCluster
from tests.running import wait_until
from tests.spark.decimal_oracle import oracle
from wickstream.bus.producer import IdempotentProducer
from wickstream.config import Settings, child_environment

pytestmark = [pytest.mark.cluster, pytest.mark.spark, pytest.mark.slow, pytest.mark.timeout(1_800)]


def shipped(settings: Settings, folder: Path) -> Sequence[str]:
    """The command that `wickstream ship` prints, with Spark's own program."""
    done = subprocess.run(
        [sys.executable, "-m", "wickstream", "ship", str(folder)],
        env=child_environment(settings), capture_output=True, text=True, check=True,
    )  # fmt: skip
    program, *options = done.stdout.split()
    assert program == "spark-submit"
    return [str(SPARK_HOME / "bin" / program), *options, "candles"]


def test_spark_submit_runs_the_shipped_package_and_jars(
    brokers: Brokers, cluster: SparkCluster, job_settings: JobSettings, tmp_path: Path
) -> None:
    cluster.resize(1)
    settings, crowd = job_settings("submitted"), Crowd("SENT", symbols=4, minutes=2, trades=4_000)
    producer = IdempotentProducer(brokers.addresses)
    for minute in crowd.records():
        publish(producer, minute)
    command = shipped(settings, tmp_path / "shipped")
    environment = {"JAVA_HOME": str(cluster.java_home), "PYSPARK_PYTHON": sys.executable, "PATH": os.defpath}
    with Job(settings, command=command, environment=environment) as job:
        wait_for_closed(settings, crowd, minutes=2)
        assert job.deaths == 0
        family = psutil.Process(job.process.pid).children(recursive=True)
        driver = next(each for each in family if "python" in each.name())
        driver.send_signal(signal.SIGTERM)
        assert job.process.wait(PATIENCE_S) == 0
        wait_until(lambda: not any(each.is_running() for each in family), what="nothing left of it")
    assert f"{tmp_path / 'shipped' / 'wickstream.zip'}" in job.log.read_text("utf-8")
    assert {key: facts(candle) for key, candle in closed(settings, crowd).items()} == oracle(crowd.all_trades)
