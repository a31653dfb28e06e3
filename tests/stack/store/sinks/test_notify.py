"""Alerts out of the writer: each once to each sink, whatever the topic repeats and whatever is killed."""

import sys
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, Message
from pydantic import SecretStr

from tests.alerts import AT_MS, price_spike, whale
from tests.running import Launcher, wait_until
from tests.sink_server import Reply, SinkServer, sink_server
from tests.writing import in_thread
from wickstream.bus.codec import encode
from wickstream.bus.consumer import GROUP_PREFIX, Place
from wickstream.bus.groups import committed_offsets
from wickstream.bus.history import History
from wickstream.bus.producer import IdempotentProducer, Record
from wickstream.bus.topics import ALERTS, DEAD_LETTERS, create_topics
from wickstream.config import Settings, child_environment
from wickstream.events import Alert
from wickstream.operate.supervision.process import ProcessSpec
from wickstream.sink_settings import SinkName
from wickstream.store import writer
from wickstream.store.tiers import Warm
from wickstream.store.warm.database import connect

pytestmark = pytest.mark.stack


@pytest.fixture
def bus(kafka: str, stores: Settings, server: SinkServer, symbol: str) -> Settings:
    """A webhook for the test's own symbol; the broker, and with it the sinks' groups, are those of all tests."""
    create_topics(kafka)
    return stores.model_copy(
        update={
            "kafka_bootstrap_servers": kafka,
            "alert_sinks": (SinkName.WEBHOOK,),
            "alert_webhook_url": SecretStr(f"{server.url}/hook"),
            "alert_allow_private": True,
            "alert_symbols": (symbol,),
        }
    )


def publish(settings: Settings, *alerts: Alert) -> None:
    producer = IdempotentProducer(settings.kafka)
    for alert in alerts:
        producer.publish(Record(ALERTS, alert.symbol, encode(alert)))
    producer.flush()


@contextmanager
def writing(settings: Settings) -> Iterator[None]:
    """The writer in a thread, ready; what ended it is raised."""
    ready = threading.Event()
    with in_thread(lambda stop: writer.write(settings, stop=stop, on_ready=ready.set, tiers=(Warm,))) as running:
        wait_until(lambda: ready.is_set() or not running.is_alive(), what="the writer ready")
        wait_until(lambda: have_begun(settings) or not running.is_alive(), what="the sinks ready")
        yield


def have_begun(settings: Settings) -> bool:
    """The sinks have a place in each partition, now or from a test before."""
    places = [Place(ALERTS, number) for number in range(3)]
    groups = [f"notify-{name}" for name in settings.alert_sinks]
    return all(len(committed_offsets(settings.kafka, group, places)) == len(places) for group in groups)


def stored(settings: Settings, symbol: str) -> list[Any]:
    with closing(connect(settings)) as conn:
        columns = "alert_id, value, facts->>'close', late, final, revision, trade_count"
        return conn.execute(
            f"SELECT {columns} FROM alerts WHERE symbol = %s ORDER BY alert_id",  # noqa: S608
            (symbol,),
        ).fetchall()


def letters(settings: Settings, symbol: str) -> list[Message]:
    with History(settings.kafka) as history:
        starts = {partition: first for partition, (first, _end) in history.bounds(DEAD_LETTERS).items()}
        return [letter for letter in history.read(DEAD_LETTERS, starts) if letter.key() == symbol.encode()]


def reasons(letters: Iterable[Message]) -> list[Any]:
    return [dict(letter.headers() or [])["reason"] for letter in letters]


def ids(numbers: Iterable[int], symbol: str) -> list[str]:
    return [f"whale:{symbol}:{number}" for number in numbers]


def test_an_alert_is_one_row_of_its_largest_version(bus: Settings, symbol: str) -> None:
    forming = price_spike(symbol)
    final = price_spike(symbol, final=True, trade_count=950, facts=forming.facts | {"close": "1.5"})
    repaired = price_spike(symbol, final=True, revision=1, trade_count=940, late=True)
    with writing(bus):
        publish(bus, forming, final, forming, whale(7, symbol))
        wait_until(lambda: len(stored(bus, symbol)) == 2, what="both rows")
        wait_until(lambda: stored(bus, symbol)[0][2:] == ("1.5", False, True, 0, 950), what="the final one")
        publish(bus, repaired, final, forming)
        wait_until(
            lambda: stored(bus, symbol)[0][2:] == ("62900.10000000", True, True, 1, 940), what="the repaired one"
        )


def test_what_is_no_alert_is_set_aside_once_and_the_rest_flows(bus: Settings, symbol: str, server: SinkServer) -> None:
    producer = IdempotentProducer(bus.kafka)
    for value in (b"no alert", encode(whale(1, symbol, facts={"side": "a\0b"}))):
        producer.publish(Record(ALERTS, symbol, value))
    producer.flush()
    with writing(bus):
        publish(bus, whale(2, symbol))
        wait_until(lambda: server.ids == ids([2], symbol), what="the good one told")
        wait_until(lambda: len(stored(bus, symbol)) == 1, what="the good one stored")

    assert sorted(reasons(letters(bus, symbol))) == [
        b"not a Alert: JSON is malformed: invalid character (byte 4)",
        b"side does not fit",
    ]


def test_each_alert_is_told_once_on_its_first_word_and_late_ones_never(
    bus: Settings, symbol: str, server: SinkServer
) -> None:
    with writing(bus):
        publish(bus, whale(1, symbol, late=True), price_spike(symbol), whale(2, symbol), whale(2, symbol))
        publish(bus, price_spike(symbol, final=True), whale(2, symbol), whale(3, "OTHERUSDT"), whale(4, symbol))
        wait_until(lambda: ids([4], symbol)[0] in server.ids, what="the last one told")

    assert server.ids == [price_spike(symbol).alert_id, *ids([2, 4], symbol)]
    assert server.received[1].headers["Idempotency-Key"] == server.ids[1]
    assert server.received[0].json["final"] is False


def test_what_was_told_before_a_restart_is_not_told_after_it(bus: Settings, symbol: str, server: SinkServer) -> None:
    with writing(bus):
        publish(bus, *(whale(number, symbol) for number in range(5)))
        wait_until(lambda: len(server.ids) == 5, what="five told")
    publish(bus, whale(5, symbol))
    with writing(bus):
        publish(bus, *(whale(number, symbol) for number in range(7)))
        wait_until(lambda: len(server.ids) >= 7, what="two more told")

    assert server.ids == ids(range(7), symbol)


def test_a_new_sink_begins_at_the_end_and_then_misses_nothing(bus: Settings, symbol: str, server: SinkServer) -> None:
    new = bus.model_copy(update={"alert_sinks": (SinkName.SLACK,), "slack_webhook_url": bus.alert_webhook_url})
    publish(bus, whale(1, symbol))
    with writing(new):
        pass
    publish(bus, whale(2, symbol, at=AT_MS + 1_000))
    with writing(new):
        wait_until(lambda: server.received != [], what="one told")

    (told,) = server.received
    assert "14:03:23.517" in told.json["text"]


def test_a_failing_sink_is_asked_again_in_its_own_time_and_a_hopeless_alert_is_set_aside(
    bus: Settings, symbol: str, server: SinkServer
) -> None:
    server.script.extend([Reply(500), Reply(429, {"Retry-After": "3"}), Reply(), Reply(404, body=b"no such hook")])
    with writing(bus):
        publish(bus, *(whale(number, symbol) for number in (1, 2, 3)))
        wait_until(lambda: len(server.received) == 5, what="all told")
        wait_until(lambda: len(letters(bus, symbol)) == 1, what="one set aside")

    assert server.ids == ids([1, 1, 1, 2, 3], symbol)
    assert server.received[2].at_s - server.received[1].at_s >= 3.0  # of its own it would have been 2 at most
    (letter,) = letters(bus, symbol)
    assert letter.value() == encode(whale(2, symbol))
    assert reasons([letter]) == [b"notify-webhook: 404 Not Found: no such hook"]


def test_the_writer_is_ready_with_its_tiers_whatever_becomes_of_a_sink(bus: Settings, symbol: str) -> None:
    group = f"{GROUP_PREFIX}notify-{SinkName.DISCORD}"
    asleep = Consumer({"bootstrap.servers": bus.kafka, "group.id": group, "log_level": 0})
    with closing(asleep):  # a member that does not answer the group, which has to wait for it
        joined = threading.Event()
        asleep.subscribe([ALERTS], on_assign=lambda *_: joined.set())
        wait_until(lambda: asleep.poll(0.1) is not None or joined.is_set(), what="the sleeper in the group")
        settings = bus.model_copy(
            update={"alert_sinks": (SinkName.DISCORD,), "discord_webhook_url": bus.alert_webhook_url}
        )
        stop, ready = threading.Event(), threading.Event()
        with ThreadPoolExecutor() as pool:
            done = pool.submit(writer.write, settings, stop=stop, on_ready=ready.set, tiers=(Warm,))
            wait_until(ready.is_set, what="the writer ready")
            publish(settings, whale(1, symbol))
            wait_until(lambda: len(stored(bus, symbol)) == 1, what="the alert stored")
            assert not have_begun(settings)
            stop.set()
        done.result()


def test_a_sink_that_hangs_holds_neither_the_store_nor_another_sink_nor_the_end(
    bus: Settings, symbol: str, server: SinkServer
) -> None:
    never = threading.Event()
    server.usual = Reply(after=never)
    with sink_server() as quick:
        url = SecretStr(f"{quick.url}/hook")
        both = bus.model_copy(update={"alert_sinks": (SinkName.WEBHOOK, SinkName.SLACK), "slack_webhook_url": url})
        with writing(both):
            publish(bus, *(whale(number, symbol) for number in range(20)))
            wait_until(lambda: len(quick.received) == 20, what="the other sink told of all", deadline_s=9.0)
            wait_until(lambda: len(stored(bus, symbol)) == 20, what="all stored", deadline_s=9.0)
            began_s = time.monotonic()
        assert time.monotonic() - began_s < 5.0
    assert server.ids == ids([0], symbol)
    never.set()


def test_only_the_alert_under_way_when_the_writer_is_killed_comes_twice(
    bus: Settings, symbol: str, server: SinkServer, launcher: Launcher, tmp_path: Path
) -> None:
    code = "from wickstream.store.writer import run; from wickstream.config import read_settings; run(read_settings())"
    spec = ProcessSpec("writer", (sys.executable, "-c", code), child_environment(bus), tmp_path / "writer")
    with writing(bus):  # so that the group is there
        pass
    publish(bus, *(whale(number, symbol) for number in range(30)))
    never = threading.Event()
    server.script.extend([*[Reply()] * 10, Reply(after=never)])
    running = launcher.spawn(spec)
    wait_until(lambda: len(server.received) == 11, what="the eleventh under way")
    running.kill()
    never.set()
    running = launcher.spawn(spec)
    wait_until(lambda: ids([29], symbol)[0] in server.ids, what="the last one told")

    assert running.stop() < 5.0
    assert server.ids == ids([*range(11), *range(10, 30)], symbol)
