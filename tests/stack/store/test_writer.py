"""The writer as a process: from the bus into all three tiers, whatever is killed or comes twice."""

import sys
import threading
import uuid
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from confluent_kafka import Consumer, Message

from tests.candles import MIDNIGHT_MS, minute
from tests.emptied_topics import empty_topics
from tests.id_hash import id_hash
from tests.running import Launcher, Running, wait_until
from tests.tier_contents import read_cold, read_hot, read_warm
from tests.writing import grown, publish, wait_for_all, writing
from wickstream.bus.codec import encode
from wickstream.bus.consumer import Place
from wickstream.bus.producer import IdempotentProducer, Record
from wickstream.bus.topics import DEAD_LETTERS, FEED_GAPS, MINUTE_MARKS, PROCESSED_AGGS, create_topics
from wickstream.config import Settings, child_environment
from wickstream.errors import StoreBusy
from wickstream.events import MINUTE_MS, Gap, GapStatus, Mark
from wickstream.operate.stack import answers
from wickstream.operate.supervision.process import ProcessSpec
from wickstream.store.intake import Batch
from wickstream.store.tiers import Cold, Hot, Warm
from wickstream.store.warm.database import connect

pytestmark = pytest.mark.stack


@pytest.fixture
def bus(kafka: str, stores: Settings) -> Settings:
    """Settings of the stores and a broker with our topics, which are empty."""
    create_topics(kafka)
    empty_topics(kafka)
    return stores.model_copy(update={"kafka_bootstrap_servers": kafka})


def test_closed_candles_reach_every_tier_once_and_open_ones_stay_out_of_the_cold(bus: Settings, symbol: str) -> None:
    publish(bus, PROCESSED_AGGS, [*grown(symbol, 5), minute(symbol, 5, closed=False)])

    with writing(bus) as ready:
        wait_until(ready.is_set, what="the writer ready")
        wait_until(lambda: len(read_warm(bus, symbol)) == 6, what="six rows in the warm tier")
        wait_until(lambda: len(read_cold(bus, symbol)) == 5, what="five rows in the cold tier")
        publish(bus, PROCESSED_AGGS, [minute(symbol, 5)])
        wait_for_all(bus, symbol, [minute(symbol, number) for number in range(6)])


def test_records_that_come_again_or_late_change_nothing(bus: Settings, symbol: str) -> None:
    rows = [minute(symbol, number) for number in range(5)]
    with writing(bus):
        publish(bus, PROCESSED_AGGS, grown(symbol, 5))
        wait_for_all(bus, symbol, rows)
        publish(bus, PROCESSED_AGGS, grown(symbol, 5)[::-1])
        publish(bus, PROCESSED_AGGS, [minute(symbol, 5)])
        wait_for_all(bus, symbol, [*rows, minute(symbol, 5)])


def test_what_waits_for_a_commit_is_in_the_cold_tier_when_the_writer_has_stopped(bus: Settings, symbol: str) -> None:
    patient = bus.model_copy(update={"cold_commit_seconds": 3_600.0})
    with writing(patient):
        publish(bus, PROCESSED_AGGS, [minute(symbol)])
        wait_until(lambda: read_warm(bus, symbol) != [], what="the warm tier has it")
        wait_until(lambda: read_hot(bus, symbol) != [], what="the hot tier has it")

    assert read_cold(bus, symbol) == [minute(symbol)]


def writer_spec(settings: Settings, folder: Path) -> ProcessSpec:
    code = "from wickstream.store.writer import run; from wickstream.config import read_settings; run(read_settings())"
    return ProcessSpec("writer", (sys.executable, "-c", code), child_environment(settings), folder / "writer")


def test_a_writer_killed_again_and_again_leaves_one_row_a_candle(
    bus: Settings, symbol: str, launcher: Launcher, tmp_path: Path
) -> None:
    spec = writer_spec(bus, tmp_path)
    for round_ in range(3):
        publish(bus, PROCESSED_AGGS, [c for c in grown(symbol, 30) if c.open_time // MINUTE_MS % 3 == round_])
        running: Running = launcher.spawn(spec)
        wait_until(lambda: len(read_warm(bus, symbol)) > 10 * round_, what="some of it in the warm tier")  # noqa: B023
        running.kill()
    running = launcher.spawn(spec)

    wait_for_all(bus, symbol, [minute(symbol, number) for number in range(30)])
    wait_until(lambda: answers("127.0.0.1", bus.port("writer"), "/metrics"), what="the last writer ready")
    assert running.stop() < 5.0
    assert running.process.returncode == 0


def test_a_tier_may_run_in_a_process_of_its_own(bus: Settings, symbol: str, launcher: Launcher, tmp_path: Path) -> None:
    port = bus.port("writer")  # by which the group knows the writers of the other tests
    argv = (sys.executable, "-m", "wickstream", "write", "--tier", "hot", "--metrics-port", str(port))
    running = launcher.spawn(ProcessSpec("write-hot", argv, child_environment(bus), tmp_path / "hot"))
    wait_until(lambda: answers("127.0.0.1", port, "/metrics"), what="the hot tier ready")

    publish(bus, PROCESSED_AGGS, grown(symbol, 3))
    wait_until(lambda: len(read_hot(bus, symbol)) == 3, what="the hot tier written")
    assert running.stop() < 5.0
    assert read_warm(bus, symbol) == []
    assert read_cold(bus, symbol) == []


def test_a_lake_that_was_deleted_is_filled_again_whatever_kafka_says(bus: Settings, symbol: str) -> None:
    publish(bus, PROCESSED_AGGS, grown(symbol, 3))
    with writing(bus):
        wait_for_all(bus, symbol, [minute(symbol, n) for n in range(3)])
    moved = bus.model_copy(update={"cold_url": f"{bus.cold_url}-new"})

    with writing(moved):
        wait_until(lambda: len(read_cold(moved, symbol)) == 3, what="the new lake filled")


class AwayForAWhile(Warm):
    """A warm tier that does not answer until told to."""

    back = threading.Event()

    def take(self, batch: Batch) -> Any:
        if batch.candles and not self.back.is_set():
            raise StoreBusy("away")
        return super().take(batch)


def test_a_tier_that_is_away_holds_no_other_and_catches_up(bus: Settings, symbol: str) -> None:
    with writing(bus, tiers=(Hot, AwayForAWhile, Cold)):
        publish(bus, PROCESSED_AGGS, grown(symbol, 3))
        rows = [minute(symbol, number) for number in range(3)]
        wait_until(lambda: read_hot(bus, symbol) == read_cold(bus, symbol) == rows, what="hot and cold written")
        assert read_warm(bus, symbol) == []
        AwayForAWhile.back.set()
        wait_for_all(bus, symbol, rows)


class Broken(Hot):
    """A tier with a mistake in it."""

    def prepare(self) -> None:
        raise ZeroDivisionError("a mistake")


def test_a_tier_that_fails_for_good_ends_the_process(bus: Settings) -> None:
    with pytest.raises(ZeroDivisionError), writing(bus, tiers=(Warm, Broken)) as ready:
        assert not ready.wait(1)


def test_marks_and_gaps_are_kept_with_the_larger_count_and_the_newest_word(bus: Settings, symbol: str) -> None:
    mark = Mark(symbol, MIDNIGHT_MS, 1, 10, 10, 55, id_hash(range(1, 11)), Decimal("1.5"), 11)
    larger = Mark(symbol, MIDNIGHT_MS, 1, 11, 11, 66, id_hash(range(1, 12)), Decimal("1.6"), 11)
    gap = Gap(symbol, 5, 7, None, MIDNIGHT_MS, GapStatus.OPEN)
    halt = Gap(symbol, None, None, MIDNIGHT_MS, MIDNIGHT_MS, GapStatus.HALTED)
    publish(bus, MINUTE_MARKS, [larger, mark])
    publish(bus, FEED_GAPS, [gap, halt, Gap(symbol, 5, 7, None, MIDNIGHT_MS, GapStatus.REPAIRED, "archive")])

    with writing(bus, tiers=(Warm,)), closing(connect(bus)) as conn:
        conn.autocommit = True
        wait_until(lambda: rows_of(conn, "SELECT trade_count, close FROM marks") == [(11, Decimal("1.6"))])
        statuses = "SELECT first_trade_id, status, filled_by FROM gaps ORDER BY first_trade_id"
        wait_until(lambda: rows_of(conn, statuses) == [(5, "repaired", "archive"), (None, "halted", None)])


def rows_of(conn: psycopg.Connection, statement: str) -> list[Any]:
    return conn.execute(statement).fetchall()


def test_what_no_tier_will_take_is_set_aside_once_and_the_rest_flows(bus: Settings, symbol: str) -> None:
    producer = IdempotentProducer(bus.kafka)
    bad = b"not a candle " + uuid.uuid4().hex.encode()
    for value in (bad, encode(minute(symbol, 0, interval="5m")), encode(minute(symbol, 1, trade_count=99))):
        producer.publish(Record(PROCESSED_AGGS, symbol, value))
    producer.flush()
    publish(bus, PROCESSED_AGGS, [minute(symbol, 2)])

    with writing(bus):
        wait_for_all(bus, symbol, [minute(symbol, 2)])
    letters = [letter for letter in dead_letters(bus.kafka) if letter[0] == symbol.encode()]

    assert letters[0][1] == bad
    assert [headers["reason"][:12] for _key, _value, headers in letters] == [
        b"not a Candle",
        b"an interval ",
        b"more trades ",
    ]
    assert {headers["topic"] for _key, _value, headers in letters} == {PROCESSED_AGGS.encode()}


def dead_letters(kafka: str) -> list[tuple[bytes, bytes, dict[str, bytes]]]:
    consumer = Consumer(
        {"bootstrap.servers": kafka, "group.id": uuid.uuid4().hex, "auto.offset.reset": "earliest", "log_level": 0}
    )
    with closing(consumer):
        consumer.subscribe([DEAD_LETTERS])
        messages: list[Message] = []
        while (message := consumer.poll(15 if not messages else 2)) is not None:
            messages.append(message)
    return [(m.key() or b"", m.value() or b"", dict(m.headers() or [])) for m in messages]  # type: ignore[arg-type]


def test_the_cold_tier_commits_when_it_is_time_and_forgets_when_partitions_move(stores: Settings, symbol: str) -> None:
    now = [0.0]
    patient = stores.model_copy(update={"cold_commit_seconds": 60.0})
    cold = Cold(patient, clock=lambda: now[0], identify=lambda names: dict.fromkeys(names, 7))
    place = Place(PROCESSED_AGGS, 0)
    cold.start_offsets([place])
    batch = Batch(candles=[minute(symbol)], positions={place: 5})

    assert cold.take(batch) == {}
    now[0] = 61.0
    assert cold.take(Batch()) == {place: 5}
    cold.take(Batch(candles=[minute(symbol, 1)], positions={place: 9}))
    assert dict(cold.start_offsets([place])) == {place: 5}
    assert cold.finish() == {}
    assert read_cold(stores, symbol) == [minute(symbol)]


def test_the_cold_tier_is_not_behind_where_only_open_candles_came(stores: Settings, symbol: str) -> None:
    now = [0.0]
    cold = Cold(stores, clock=lambda: now[0], identify=lambda names: dict.fromkeys(names, 7))
    place = Place(PROCESSED_AGGS, 0)
    cold.start_offsets([place])
    now[0] = stores.cold_commit_seconds
    opened = minute(symbol, closed=False)

    assert cold.take(Batch(candles=[opened], positions={place: 5})) == {place: 5}
    assert cold.take(Batch()) == {}
    assert read_cold(stores, symbol) == []


# The last one here: for ten seconds its groups wait for the other two to come back.
def test_a_process_for_each_tier_writes_what_one_for_all_does(
    bus: Settings, symbol: str, launcher: Launcher, tmp_path: Path
) -> None:
    running: list[Running] = []
    for number, tier in enumerate(("hot", "warm", "cold")):
        port = bus.port("writer") + number  # the first as above
        argv = (sys.executable, "-m", "wickstream", "write", "--tier", tier, "--metrics-port", str(port))
        running.append(launcher.spawn(ProcessSpec(f"write-{tier}", argv, child_environment(bus), tmp_path / tier)))
    publish(bus, PROCESSED_AGGS, [*grown(symbol, 3), minute(symbol, 1, revision=1)])

    wait_for_all(bus, symbol, [minute(symbol), minute(symbol, 1, revision=1), minute(symbol, 2)])
    assert max(process.stop() for process in running) < 5.0
