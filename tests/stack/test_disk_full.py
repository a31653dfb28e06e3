"""R10: a disk is full. Who writes to it says so, and stops or waits; when there is space again, nothing lacks."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.candles import minute
from tests.conftest import SettingsMaker
from tests.emptied_topics import empty_topics
from tests.given_records import GivenRecords
from tests.running import Launcher, Running, wait_until
from tests.small_disk import TOLD_WITHIN_S, SmallDisk, small_disk, until_told
from tests.spark.job_topics import messages
from wickstream.bus.codec import encode
from wickstream.bus.producer import IdempotentProducer, Record
from wickstream.bus.topics import PROCESSED_AGGS, RAW_TRADES, create_topics
from wickstream.candle import Candle
from wickstream.config import Settings, child_environment
from wickstream.errors import StoreBusy
from wickstream.operate.servers.local import kafka_spec, postgres_spec, with_local_addresses
from wickstream.operate.supervision.process import ProcessSpec
from wickstream.store.warm.database import connect

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(600)]

MANY = 20_000

DiskMaker = Callable[[int], SmallDisk]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[DiskMaker]:
    """Makes one of so many megabytes."""
    made: list[Any] = []

    def make(megabytes: int) -> SmallDisk:
        made.append(small_disk(tmp_path / "small", megabytes=megabytes))
        found: SmallDisk = made[-1].__enter__()
        return found

    yield make
    for one in made:
        one.__exit__(None, None, None)


@pytest.fixture
def topics(kafka: str) -> str:
    """A broker with our topics, which are empty."""
    create_topics(kafka)
    empty_topics(kafka)
    return kafka


def start_writer(settings: Settings, launcher: Launcher, folder: Path) -> Running:
    """As a process with a log."""
    code = "from wickstream.store.writer import run; from wickstream.config import read_settings; run(read_settings())"
    return launcher.spawn(
        ProcessSpec("writer", (sys.executable, "-c", code), child_environment(settings), folder / "writer")
    )


def test_a_lake_without_space_is_told_of_and_filled_when_there_is_some(
    topics: str,
    database: Settings,
    redis: Settings,
    launcher: Launcher,
    tmp_path: Path,
    figures: dict[str, Any],
    disk: DiskMaker,
) -> None:
    small = disk(4)
    own: dict[str, Any] = {name: getattr(redis, name) for name in ("redis_host", "redis_port", "redis_password")}
    own |= {"kafka_bootstrap_servers": topics, "cold_url": f"file:{small.folder / 'lake'}", "cold_commit_seconds": 0.2}
    given = GivenRecords(database.model_copy(update=own), f"D{time.monotonic_ns()}USDT")
    writer = start_writer(given.settings, launcher, tmp_path)
    given.publish()
    wait_until(given.is_stored, what="all stored")
    small.fill()
    given.publish()
    figures["told_s"] = until_told(writer.log)
    wait_until(lambda: given.is_stored_in("hot") and given.is_stored_in("warm"), what="the other tiers going on")
    small.free()
    began_s = time.monotonic()
    wait_until(given.is_stored, what="all stored")
    figures["whole_s"] = round(time.monotonic() - began_s, 1)

    given.assert_each_row_is_there_once()
    given.assert_each_offset_is_in_one_commit()
    assert writer.stop() < 5.0


def test_a_postgresql_without_space_is_told_of_and_filled_when_there_is_some(
    topics: str,
    redis: Settings,
    make_settings: SettingsMaker,
    launcher: Launcher,
    tmp_path: Path,
    figures: dict[str, Any],
    disk: DiskMaker,
) -> None:
    small = disk(120)
    there = with_local_addresses(make_settings(small.folder / "own"))
    server = launcher.start(postgres_spec(there.model_copy(update={"postgres_host": None})))
    own: dict[str, Any] = {name: getattr(redis, name) for name in ("redis_host", "redis_port", "redis_password")}
    own |= {"kafka_bootstrap_servers": topics, "cold_url": f"file:{tmp_path / 'lake'}", "cold_commit_seconds": 0.2}
    settings = redis.model_copy(update=of_postgres(there) | own)
    given = GivenRecords(settings, f"D{time.monotonic_ns()}USDT")
    writer = start_writer(settings, launcher, tmp_path)
    given.publish()
    wait_until(given.is_stored, what="all stored")
    small.fill()
    many = [minute("MANYUSDT", number) for number in range(MANY)]
    told(settings, many)
    figures["told_s"] = until_told(writer.log)
    given.publish()
    wait_until(lambda: given.is_stored_in("hot") and given.is_stored_in("cold"), what="the other tiers going on")
    small.free()
    if server.process.poll() is not None:  # as its supervisor does
        launcher.start(server.spec)
    began_s = time.monotonic()
    wait_until(lambda: count_of(settings, "MANYUSDT") == MANY, deadline_s=120, what="all of many")
    wait_until(lambda: given.is_stored_in("warm"), what="all stored")
    figures["whole_s"] = round(time.monotonic() - began_s, 1)
    assert writer.stop() < 5.0


def of_postgres(settings: Settings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in type(settings).model_fields if name.startswith("postgres_")}


def told(settings: Settings, candles: Sequence[Candle]) -> None:
    producer = IdempotentProducer(settings.kafka)
    for candle in candles:
        producer.publish(Record(PROCESSED_AGGS, candle.symbol, encode(candle)))
    producer.flush()


def count_of(settings: Settings, symbol: str) -> int:
    with closing(connect(settings)) as conn:
        ((count, keys),) = conn.execute(
            "SELECT count(*), count(DISTINCT open_time) FROM candles WHERE symbol = %s", (symbol,)
        ).fetchall()
    assert count == keys
    return int(count)


def test_a_broker_without_space_stops_and_has_all_it_acknowledged_when_there_is_some(
    make_settings: SettingsMaker,
    launcher: Launcher,
    tmp_path: Path,
    figures: dict[str, Any],
    disk: DiskMaker,
) -> None:
    small = disk(160)
    settings = make_settings(small.folder / "own")
    spec = replace(kafka_spec(settings), cwd=tmp_path / "kafka")  # its log lies beside: there is space for what it says
    broker = launcher.start(spec)
    create_topics(settings.kafka)
    producer = IdempotentProducer(settings.kafka)
    acknowledged = 0

    def publish_more() -> None:
        nonlocal acknowledged
        for number in range(acknowledged, acknowledged + 1_000):
            producer.publish(Record(RAW_TRADES, "BTCUSDT", f"{number:0200d}".encode()))
        producer.flush(timeout_s=5.0)
        acknowledged += 1_000

    publish_more()
    small.fill()
    began_s = time.monotonic()
    with pytest.raises(StoreBusy):
        publish_until(began_s + TOLD_WITHIN_S, publish_more)
    until_told(broker.log)
    broker.process.wait(TOLD_WITHIN_S)
    figures["stopped_s"] = round(time.monotonic() - began_s, 1)
    small.free()
    launcher.start(broker.spec)
    publish_more()

    assert set(range(acknowledged)) <= {int(message.value() or 0) for message in messages(settings, RAW_TRADES)}


def publish_until(deadline_s: float, publish_more: Callable[[], None]) -> None:
    while time.monotonic() < deadline_s:
        publish_more()
