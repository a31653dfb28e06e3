"""The product's own job on a Spark cluster over three brokers, all of them processes of their own."""

import threading
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cluster.brokers import Brokers
from tests.cluster.conftest import PARTITIONS, Figures, JobSettings
from tests.cluster.crowd import Crowd, publish
from tests.cluster.job import Job
from tests.cluster.workers import SparkCluster
from tests.running import wait_until
from tests.spark.decimal_oracle import oracle
from tests.spark.job_topics import board
from wickstream.bus.history import History
from wickstream.bus.producer import IdempotentProducer, Record
from wickstream.bus.topics import MINUTE_MARKS, RAW_TRADES
from wickstream.candle import Candle
from wickstream.config import Settings

pytestmark = [pytest.mark.cluster, pytest.mark.spark, pytest.mark.slow, pytest.mark.timeout(1_800)]

PATIENCE_S = 600.0  # for two cores that carry three brokers, a master, two workers, a driver, and other people's work


def facts(candle: Candle) -> tuple[Decimal | int | None, ...]:
    """In the order of the oracle."""
    amounts = (candle.volume, candle.quote_volume, candle.taker_buy_volume, candle.taker_buy_quote_volume)
    ids = (candle.trade_count, candle.first_trade_id, candle.last_trade_id)
    return (candle.open, candle.high, candle.low, candle.close, *amounts, *ids)


def closed(settings: Settings, crowd: Crowd) -> dict[tuple[str, int], Candle]:
    """The closed candles of a crowd, as a store would hold them."""
    return {key: c for key, c in board(settings).items() if c.closed and key[0].startswith(crowd.name)}


def test_candles_are_exact_though_a_worker_and_a_broker_are_killed(
    brokers: Brokers, cluster: SparkCluster, job_settings: JobSettings, figures: Figures
) -> None:
    cluster.resize(2)
    settings, crowd = job_settings("killed"), Crowd("KILLED", symbols=6, minutes=9, trades=20_000)
    thirds = in_thirds(list(crowd.records()))
    with Job(settings) as job:
        publish_while(thirds[0], brokers, lambda: None)
        wait_for_closed(settings, crowd, minutes=3)
        publish_while(thirds[1], brokers, cluster.kill_one)
        wait_for_closed(settings, crowd, minutes=6)
        killed: list[int] = []
        publish_while(thirds[2], brokers, lambda: killed.append(brokers.kill_leader(RAW_TRADES)))
        wait_for_closed(settings, crowd, minutes=9)
        assert not [each for each in cluster.executors() if "python" in each.name()]
        deaths = job.deaths
        brokers.return_of(*killed)
    assert state_partitions(settings) == PARTITIONS
    truth = oracle(crowd.all_trades)
    assert {key: facts(candle) for key, candle in closed(settings, crowd).items()} == truth
    figures({"trades": len(crowd.all_trades), "candles": len(truth), "wrong": 0, "restarts of the job": deaths})


def state_partitions(settings: Settings) -> int:
    """Of the candle query: lies where CHECKPOINT_URL says, in as many parts as SPARK_PROPERTIES says."""
    shared = Path(str(settings.checkpoint_url).removeprefix("file:"))
    return sum(1 for part in shared.glob("candles-*/state/0/*") if part.name.isdigit())


def in_thirds(minutes: list[list[Record]]) -> list[list[Record]]:
    """Each with whole minutes."""
    size = len(minutes) // 3
    return [[record for minute in minutes[at : at + size] for record in minute] for at in range(0, 3 * size, size)]


def publish_while(records: list[Record], brokers: Brokers, disturb: Callable[[], None]) -> None:
    """Publish all of them; disturb when half of them are there."""
    producer = IdempotentProducer(brokers.addresses)
    half = len(records) // 2
    publish(producer, records[:half])
    rest = threading.Thread(target=publish, args=(producer, records[half:]))
    rest.start()
    disturb()
    rest.join()


def wait_for_closed(settings: Settings, crowd: Crowd, *, minutes: int) -> None:
    """Until so many minutes of all its symbols are closed; the supervisor's part is done meanwhile."""
    wanted = minutes * crowd.symbols
    wait_until(lambda: len(closed(settings, crowd)) >= wanted, deadline_s=PATIENCE_S, what=f"{wanted} candles closed")


def test_a_full_topic_is_worked_off_by_one_worker_and_by_two(
    brokers: Brokers, cluster: SparkCluster, job_settings: JobSettings, figures: Figures
) -> None:
    producer = IdempotentProducer(brokers.addresses)
    for minute in Crowd("FULL", symbols=6, minutes=6, trades=75_000).records():
        publish(producer, minute)
    measured = {}
    for workers in (2, 1):
        cluster.resize(workers)
        measured[f"{workers} workers"] = work_off(job_settings(f"by-{workers}"), cluster)
    figures(measured)


class Look(NamedTuple):
    """At a moment: records taken in, CPU seconds of executors and driver."""

    at_s: float
    rows: int
    cpu_s: float


def work_off(settings: Settings, cluster: SparkCluster) -> dict[str, int | float]:
    """Take in all there is; the first batch, which compiles and connects, does not count."""
    looks: list[Look] = []
    with Job(settings) as job:

        def is_done() -> bool:
            if (rows := job.rows()) and (not looks or rows > looks[-1].rows):
                looks.append(Look(time.monotonic(), rows, cluster.cpu_seconds() + job.cpu_seconds()))
            return bool(looks) and looks[-1].rows >= records

        records = records_in(settings)
        wait_until(is_done, deadline_s=PATIENCE_S, what=f"{records} records taken in")
        assert job.deaths == 0
    first, last = looks[0], looks[-1]
    rows = last.rows - first.rows
    return {
        "rows": last.rows,
        "rows per second": round(rows / (last.at_s - first.at_s)),
        "cpu seconds per million rows": round((last.cpu_s - first.cpu_s) / rows * 1_000_000, 1),
    }


def records_in(settings: Settings) -> int:
    """What the job has before it; no transaction's marker is among it."""
    with History(settings.kafka) as history:
        bounds = [history.bounds(topic) for topic in (RAW_TRADES, MINUTE_MARKS)]
    return sum(end - first for each in bounds for first, end in each.values())
