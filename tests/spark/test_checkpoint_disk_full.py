"""R10: the disk of the checkpoint is full. The job says so and ends; when there is space again, it goes on."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SettingsMaker
from tests.running import wait_until
from tests.small_disk import FULL, TOLD_WITHIN_S, SmallDisk, small_disk
from tests.spark.batch_points import PATIENCE_S, batches_in
from tests.spark.decimal_oracle import oracle
from tests.spark.job_process import Job
from tests.spark.job_topics import MIDNIGHT, as_values, board, closed_minutes, of, publish, some_trades
from tests.spark.published_market import mark_values
from wickstream.bus.topics import MINUTE_MARKS, RAW_TRADES
from wickstream.config import Settings

pytestmark = [pytest.mark.spark, pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(1_200)]

SYMBOL = "FULLDISK"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """All that the checkpoints have."""
    with small_disk(tmp_path / "data" / "checkpoints", megabytes=8) as disk:
        yield disk


def test_a_checkpoint_without_space_ends_the_job_with_a_word_and_is_gone_on_from_when_there_is_some(
    topics: Settings, disk: SmallDisk, tmp_path: Path, make_settings: SettingsMaker, figures: dict[str, Any]
) -> None:
    own = make_settings(tmp_path / "data", kafka_bootstrap_servers=topics.kafka, lateness_hours=topics.lateness_hours)
    trades, checkpoint = some_trades(SYMBOL), disk.folder / "candles-v5"
    publish(topics, RAW_TRADES, as_values(trades[:20]))
    job = Job(own, own.data_dir, "candles")
    wait_until(lambda: batches_in(checkpoint).done >= 0, deadline_s=PATIENCE_S, what="a first batch")
    disk.fill()
    began_s = time.monotonic()
    publish(topics, RAW_TRADES, as_values(trades[20:]))
    assert job.process.wait(PATIENCE_S) == 1
    figures["ended_s"] = round(time.monotonic() - began_s, 1)
    assert FULL in job.log.read_text()
    again = Job(own, own.data_dir, "candles")  # as its supervisor does, in vain
    assert again.process.wait(PATIENCE_S) == 1
    assert "checkpoint replaced" not in job.log.read_text() + again.log.read_text()
    done = batches_in(checkpoint).done
    disk.free()
    publish(topics, MINUTE_MARKS, mark_values(trades))
    last = Job(own, own.data_dir, "candles")

    wait_until(lambda: closed_minutes(topics, SYMBOL) == 1, deadline_s=PATIENCE_S, what="the minute closed")

    last.kill()
    assert "checkpoint replaced" not in last.log.read_text()
    assert batches_in(checkpoint).done > done
    (candle,) = of(board(topics), SYMBOL)
    truth = oracle(trades)[SYMBOL, MIDNIGHT]
    assert (candle.open, candle.high, candle.low, candle.close, candle.volume, candle.quote_volume) == truth[:6]
    assert figures["ended_s"] < TOLD_WITHIN_S
