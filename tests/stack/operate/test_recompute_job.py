"""The one-shot job as a process: it outlives nobody who asked, and its failure is told."""

import asyncio
import subprocess
import sys
from pathlib import Path

import msgspec
import psutil
import pytest

from tests.conftest import SettingsMaker
from tests.running import wait_until
from tests.unit.operate.recompute.made_cases import unclosed
from wickstream.bus.topics import create_topics
from wickstream.config import child_environment
from wickstream.operate.recompute.child import RecomputeFailed, ask
from wickstream.operate.recompute.question import Question

pytestmark = pytest.mark.stack

QUESTION = Question((unclosed(),))


def test_the_job_and_its_jvm_end_with_whoever_asked(tmp_path: Path, make_settings: SettingsMaker, kafka: str) -> None:
    create_topics(kafka)
    settings = make_settings(tmp_path, kafka_bootstrap_servers=kafka)
    process = subprocess.Popen(
        [sys.executable, "-m", "wickstream", "recompute"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=child_environment(settings),
        cwd=tmp_path,
    )  # fmt: skip
    with process:
        assert process.stdin is not None
        process.stdin.write(msgspec.json.encode(QUESTION) + b"\n")
        process.stdin.flush()
        job = psutil.Process(process.pid)
        wait_until(lambda: bool(job.children()), what="its JVM started")
        jvms = job.children()

        process.stdin.close()

        assert process.wait(20) == 1
        wait_until(lambda: not any(jvm.is_running() for jvm in jvms), what="its JVM gone")


def test_a_job_whose_stores_are_away_is_a_failure_with_its_code(tmp_path: Path, make_settings: SettingsMaker) -> None:
    settings = make_settings(tmp_path, kafka_bootstrap_servers="127.0.0.1:9")

    with pytest.raises(RecomputeFailed, match="exit code 1, 0 of 1 answers"):
        asyncio.run(ask(settings, QUESTION))


def test_who_is_told_to_stop_leaves_no_job_behind(tmp_path: Path, make_settings: SettingsMaker) -> None:
    settings = make_settings(tmp_path, kafka_bootstrap_servers="127.0.0.1:9")
    own = psutil.Process()
    before = set(own.children())

    def jobs() -> set[psutil.Process]:
        return set(own.children()) - before

    async def ask_and_stop() -> set[psutil.Process]:
        asking = asyncio.create_task(ask(settings, QUESTION))
        await asyncio.to_thread(wait_until, lambda: bool(jobs()), what="the job started")
        started = jobs()
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        return started

    assert not any(job.is_running() for job in asyncio.run(ask_and_stop()))
