"""The job where nobody keeps one running: it works off what is there, ends, and never runs beside another."""

import signal
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.running import wait_until
from tests.spark.decimal_oracle import Told
from tests.spark.job_process import Job
from tests.spark.job_topics import MIDNIGHT, as_values, board, closed_minutes, messages, of, publish, some_trades
from tests.spark.published_market import mark_values
from wickstream.bus.topics import ALERTS, MINUTE_MARKS, RAW_TRADES
from wickstream.config import Settings

pytestmark = [pytest.mark.spark, pytest.mark.stack]

RUNS_S = 200.0

StartJob = Callable[..., Job]


@pytest.fixture
def start_job(topics: Settings, tmp_path: Path, make_settings: Callable[..., Settings]) -> Iterator[StartJob]:
    """Starts the job, again and again if need be; none is left afterwards."""
    own = make_settings(tmp_path, kafka_bootstrap_servers=topics.kafka, lateness_hours=topics.lateness_hours)
    jobs: list[Job] = []

    def start(*options: str) -> Job:
        jobs.append(Job(own, tmp_path, "all", *options))
        return jobs[-1]

    yield start
    for job in jobs:
        job.kill()


def whale(symbol: str, trade_id: int) -> Told:
    return Told(symbol, trade_id, Decimal(60_000), Decimal(2), MIDNIGHT + trade_id, buyer_is_maker=False)


def told_whales(settings: Settings, symbol: str) -> Counter[str]:
    ids = (m.value() for m in messages(settings, ALERTS) if m.key() == symbol.encode())
    return Counter(
        value.decode().split('"alert_id":"')[1].split('"')[0] for value in ids if value and b"whale" in value
    )


@pytest.mark.slow
@pytest.mark.timeout(700)
def test_it_works_off_what_is_there_and_the_usual_job_and_another_run_go_on_from_it(
    topics: Settings, start_job: StartJob
) -> None:
    symbol = "BOUNDEDUSDT"
    minute = [*some_trades(symbol), whale(symbol, 150)]
    publish(topics, RAW_TRADES, as_values(minute))
    publish(topics, MINUTE_MARKS, mark_values(minute))
    bounded = start_job("--ensure", "--available")
    assert bounded.process.wait(RUNS_S) == 0, bounded.log.read_text()
    assert closed_minutes(topics, symbol) == 1
    assert of(board(topics), symbol)[0].trade_count == len(minute)
    assert told_whales(topics, symbol) == {f"whale:{symbol}:150": 1}

    publish(topics, RAW_TRADES, as_values([whale(symbol, 151)]))
    usual = start_job()
    wait_until(lambda: told_whales(topics, symbol)[f"whale:{symbol}:151"] > 0, deadline_s=RUNS_S)
    usual.process.send_signal(signal.SIGTERM)
    assert usual.process.wait(30) == 0

    publish(topics, RAW_TRADES, as_values([whale(symbol, 152)]))
    again = start_job("--ensure", "--available")
    assert again.process.wait(RUNS_S) == 0, again.log.read_text()
    assert told_whales(topics, symbol)[f"whale:{symbol}:152"] == 1
    assert told_whales(topics, symbol)[f"whale:{symbol}:150"] == 1, "the first run's checkpoint was not gone on from"
    assert "checkpoint replaced" not in usual.log.read_text() + again.log.read_text()


@pytest.mark.timeout(700)
def test_where_one_runs_it_says_so_and_leaves_it_alone_and_another_waits_for_its_end(
    topics: Settings, start_job: StartJob
) -> None:
    holder = start_job()
    wait_until(lambda: holder.batches("candles") >= 0, deadline_s=RUNS_S, what="the job's metrics")

    ensured = start_job("--ensure", "--available")
    assert ensured.process.wait(30) == 0
    assert "nothing to do: " in ensured.log.read_text()
    assert f"pid {holder.process.pid}" in ensured.log.read_text()
    assert holder.process.poll() is None

    heir = start_job()
    wait_until(
        lambda: "waiting for another to end" in heir.log.read_text(), deadline_s=RUNS_S, what="the heir's waiting"
    )
    holder.process.send_signal(signal.SIGTERM)
    assert holder.process.wait(30) == 0
    wait_until(lambda: heir.batches("candles") >= 0, deadline_s=RUNS_S, what="the heir's metrics")
