"""Which of the job's queries starts first."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.running import wait_until
from tests.spark.job_process import Job
from tests.spark.job_topics import as_values, publish, some_trades
from wickstream.bus.topics import RAW_TRADES
from wickstream.config import Settings

pytestmark = [pytest.mark.spark, pytest.mark.stack]


def test_alerts_start_when_candles_are_on_their_way(
    topics: Settings, tmp_path: Path, make_settings: Callable[..., Settings]
) -> None:
    publish(topics, RAW_TRADES, as_values(some_trades("ORDERED")))
    own = make_settings(tmp_path, kafka_bootstrap_servers=topics.kafka)
    job = Job(own, tmp_path, "all")
    try:
        wait_until(lambda: job.batches("spikes") >= 0, deadline_s=150, what="all queries started")
        assert job.batches("candles") >= 1
    finally:
        job.kill()
