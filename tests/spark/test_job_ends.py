"""How the job ends, as a process: told to while Spark starts, killed, and when Spark or a query fails."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.conftest import SettingsMaker
from tests.running import wait_until
from tests.spark.job_process import Job
from wickstream.config import Settings

pytestmark = [pytest.mark.spark, pytest.mark.stack]

StartJob = Callable[[Settings], Job]


@pytest.fixture
def start_job(tmp_path: Path) -> Iterator[StartJob]:
    """Starts the candle part of the job; none is left afterwards."""
    jobs: list[Job] = []

    def start(settings: Settings) -> Job:
        jobs.append(Job(settings, tmp_path, "candles"))
        return jobs[-1]

    yield start
    for job in jobs:
        job.kill()


@pytest.fixture
def alone(tmp_path: Path, make_settings: SettingsMaker) -> Settings:
    """Of a job whose broker is not there, so that it never gets beyond its start."""
    return make_settings(tmp_path)


@pytest.fixture
def beside_topics(tmp_path: Path, topics: Settings, make_settings: SettingsMaker) -> Settings:
    """Of a job that has all it needs."""
    return make_settings(tmp_path, kafka_bootstrap_servers=topics.kafka)


def jvm_of(job: Job) -> psutil.Process:
    """As soon as it is there."""
    process = psutil.Process(job.process.pid)

    def is_java() -> bool:
        return any("java" in child.name() for child in process.children())

    wait_until(is_java, what="the JVM")
    return process.children()[0]


def is_gone(process: psutil.Process) -> bool:
    """Ended, if perhaps not yet noticed by its parent."""
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def has_context(jvm: psutil.Process) -> bool:
    """Tell whether Spark's driver listens, beside its gateway: from here on Python waits for Java."""
    return [found.status for found in jvm.net_connections("inet")].count(psutil.CONN_LISTEN) > 1


def test_told_to_end_while_its_jvm_starts_it_does_so_at_once(alone: Settings, start_job: StartJob) -> None:
    job = start_job(alone)
    assert_ends_in_order(job, jvm_of(job), signal.SIGTERM)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_end_while_its_session_starts_it_does_so_at_once(
    alone: Settings, start_job: StartJob, number: signal.Signals
) -> None:
    job = start_job(alone)
    jvm = jvm_of(job)
    wait_until(lambda: has_context(jvm), deadline_s=60, what="Spark's driver")
    assert_ends_in_order(job, jvm, number)


def assert_ends_in_order(job: Job, jvm: psutil.Process, number: signal.Signals) -> None:
    began_s = time.monotonic()
    os.killpg(job.process.pid, number)  # as a terminal does with Ctrl-C
    assert job.process.wait(30) == 0, job.log.read_text()
    wait_until(lambda: is_gone(jvm), deadline_s=5, what="the JVM's end")
    assert time.monotonic() - began_s < 4
    assert job.log.read_text().count("\n") == 1, job.log.read_text()  # its start, and no word of a stop in order


def test_when_it_is_killed_its_jvm_goes_too(alone: Settings, start_job: StartJob) -> None:
    job = start_job(alone)
    jvm = jvm_of(job)
    wait_until(lambda: has_context(jvm), deadline_s=60, what="Spark's driver")
    job.process.kill()
    wait_until(lambda: is_gone(jvm), deadline_s=5, what="the JVM's end")


def test_a_stuck_jvm_is_not_waited_for(beside_topics: Settings, start_job: StartJob) -> None:
    job = running(start_job, beside_topics)
    jvm = jvm_of(job)
    jvm.suspend()
    job.process.terminate()
    assert job.process.wait(9) == 0  # before the supervisor's patience ends
    assert "cut off in a batch" in job.log.read_text()
    wait_until(lambda: is_gone(jvm), deadline_s=5, what="the JVM's end")


def running(start_job: StartJob, settings: Settings) -> Job:
    job = start_job(settings)
    wait_until(lambda: job.batches("candles") > -1, deadline_s=90, what="the queries")
    return job


def test_when_its_jvm_is_killed_it_says_so_and_fails(beside_topics: Settings, start_job: StartJob) -> None:
    job = running(start_job, beside_topics)
    jvm_of(job).kill()
    assert failure_of(job) == "wickstream: Spark's JVM does not answer any more"


def test_a_port_of_a_clusters_driver_that_is_taken_is_told_and_no_other_is_tried(
    alone: Settings, start_job: StartJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARK_MASTER", "spark://127.0.0.1:9")
    with socket.create_server(("", alone.port("spark-driver"))):
        failure = failure_of(start_job(alone))
    assert failure.startswith("wickstream: Spark: ")
    assert "Address already in use" in failure
    assert "'sparkDriver' failed" in failure


def test_a_query_that_cannot_start_is_named_with_its_cause_and_without_stacks(
    beside_topics: Settings, start_job: StartJob, tmp_path: Path
) -> None:
    (tmp_path / "checkpoints").write_text("where a folder should be")
    job = start_job(beside_topics)
    failure = failure_of(job)
    assert failure.startswith("wickstream: candles: ")
    assert f"{tmp_path}/checkpoints" in failure
    assert "\tat " not in job.log.read_text()
    assert "Traceback" not in job.log.read_text()


def failure_of(job: Job) -> str:
    """Its last line, when it has ended with exit code 1."""
    try:
        assert job.process.wait(90) == 1, job.log.read_text()
    except subprocess.TimeoutExpired:
        pytest.fail(job.log.read_text())
    return job.log.read_text().splitlines()[-1]
