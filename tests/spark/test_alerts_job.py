"""The alert queries over a real Kafka, as a process; and what becomes of a query that fails."""

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from tests.candles import minute
from tests.running import wait_until
from tests.spark.decimal_oracle import Told
from tests.spark.job_process import Job
from tests.spark.job_topics import as_values, messages, publish
from wickstream.bus.codec import decode, encode
from wickstream.bus.producer import IdempotentProducer
from wickstream.bus.topics import ALERTS, PROCESSED_AGGS, RAW_TRADES
from wickstream.config import Settings
from wickstream.errors import WickstreamError
from wickstream.events import Alert
from wickstream.stream.alert_batches import AlertBatches, Judged
from wickstream.stream.checkpoint import CarriedLost, Checkpoint
from wickstream.stream.failures import QueryFailed
from wickstream.stream.kafka import read_stream, write_batches
from wickstream.stream.market_view import MarketView
from wickstream.stream.queries import Base, Plan, Started
from wickstream.stream.running import RunningQuery
from wickstream.stream.threshold_table import ThresholdTable

pytestmark = [pytest.mark.spark, pytest.mark.stack]

SYMBOL = "ALERTUSDT"


def an_order(first_id: int, quantities: list[int], *, time_ms: int) -> list[tuple[str, bytes]]:
    numbered = enumerate(quantities, first_id)
    return as_values(Told(SYMBOL, i, Decimal(1_000), Decimal(q), time_ms, buyer_is_maker=True) for i, q in numbered)


def told(settings: Settings, *, but: tuple[str, bool] | None = None) -> Counter[tuple[str, bool]]:
    """How often each alert; `but`: those of whales may come again after a stop."""
    alerts = (decode(message.value(), Alert) for message in messages(settings, ALERTS))
    counted = Counter((alert.alert_id, alert.final) for alert in alerts if alert.symbol == SYMBOL)
    return Counter({alert: count for alert, count in counted.items() if alert != but})


@pytest.fixture
def start_alerts(
    topics: Settings, tmp_path: Path, make_settings: Callable[..., Settings]
) -> Iterator[Callable[[], Job]]:
    """Starts the alert queries; none is left afterwards."""
    own = make_settings(tmp_path, kafka_bootstrap_servers=topics.kafka)
    jobs: list[Job] = []

    def start() -> Job:
        jobs.append(Job(own, tmp_path, "alerts"))
        return jobs[-1]

    yield start
    for job in jobs:
        job.kill()


def test_each_spike_and_sweep_is_told_once_over_repeats_and_a_restart(
    topics: Settings, start_alerts: Callable[[], Job]
) -> None:
    growing = minute(SYMBOL, closed=False, quote_volume=Decimal(5_000_000))
    closed = minute(SYMBOL, quote_volume=Decimal(6_000_000), trade_count=11)
    id_ = growing.open_time
    publish(topics, RAW_TRADES, an_order(10, [60, 60, 150], time_ms=id_))
    publish(topics, PROCESSED_AGGS, [(SYMBOL, encode(growing))] * 2)
    job = start_alerts()
    whale, sweep = (f"whale:{SYMBOL}:12", True), (f"sweep:{SYMBOL}:10", True)
    spike = {is_final: (f"volume_spike:{SYMBOL}:{id_}", is_final) for is_final in (False, True)}
    until(lambda: told(topics) == {whale: 1, sweep: 1, spike[False]: 1}, "all three alerts")
    began = time.monotonic()
    job.process.send_signal(signal.SIGTERM)
    assert job.process.wait(60) == 0, job.log.read_text()
    assert time.monotonic() - began < 5
    assert job.log.read_text().count("\n") == 1, job.log.read_text()  # its start, and no word of a stop in order
    publish(topics, PROCESSED_AGGS, [(SYMBOL, encode(candle)) for candle in (growing, closed, growing, closed)])
    publish(topics, RAW_TRADES, an_order(13, [1], time_ms=id_))  # goes on with the order that was told
    job = start_alerts()
    of_batches = {sweep: 2, spike[False]: 1, spike[True]: 1}
    until(lambda: told(topics, but=whale) == of_batches, "what is new, and nothing else")
    assert job.batches("candles") == -1


def until(condition: Callable[[], bool], what: str) -> None:
    wait_until(condition, deadline_s=150, what=what)


class Unlucky(WickstreamError):
    """What the second batch meets."""


@pytest.fixture
def base(spark: SparkSession, topics: Settings) -> Base:
    """What queries stand on, without a market."""
    table = ThresholdTable(spark, f"{topics.checkpoints_url}/thresholds.json")
    return Base(spark, topics, MarketView(topics, on_change=table.write), table)


def a_plan(judge: Callable[[DataFrame, str | None], Judged], name: str) -> Plan:
    def start(base: Base, checkpoint: Checkpoint) -> Started:
        rows = read_stream(base.session, base.settings, RAW_TRADES, most_records=1).select("value")
        batches = AlertBatches(judge, checkpoint, IdempotentProducer(base.settings.kafka))
        return Started(write_batches(rows, batches, every="0 seconds", checkpoint=checkpoint.url))

    return Plan(name, f"{name}-v1", frozenset(), start)


def test_a_query_that_fails_is_given_up_with_its_name_and_cause(base: Base, topics: Settings) -> None:
    publish(topics, RAW_TRADES, an_order(100, [1] * 5, time_ms=1))

    def judge(batch: DataFrame, carried: str | None) -> Judged:
        if carried is not None:
            raise Unlucky("of no use: " + "x" * 100_000)
        return Judged((), "seen")

    query = RunningQuery(a_plan(judge, "unlucky"), base)

    def look() -> bool:
        query.look()
        return False

    with pytest.raises(QueryFailed, match=r"^unlucky: Unlucky: of no use: x+$"):
        wait_until(look, deadline_s=60, what="the failure")


def test_what_is_carried_is_what_the_batch_before_left(spark: SparkSession, tmp_path: Path) -> None:
    checkpoint = Checkpoint(spark, f"file:{tmp_path}/a query")
    assert not checkpoint.exists()
    assert checkpoint.carried(into=0) is None
    for batch in range(4):
        checkpoint.carry(f"left by {batch}: Ω", out_of=batch)
    checkpoint.carry("left by 3, repeated", out_of=3)
    assert [checkpoint.carried(into=batch) for batch in (3, 4)] == ["left by 2: Ω", "left by 3, repeated"]
    with pytest.raises(CarriedLost, match="what batch 1 left"):
        checkpoint.carried(into=2)
    checkpoint.discard(cause="a test")
    assert not (tmp_path / "a query").exists()
