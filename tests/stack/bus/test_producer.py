"""Transactions on a real broker: whole or not at all, and only by the newest of its name."""

import ctypes
import os
from pathlib import Path

import pytest

from tests.topic_limits import set_largest
from wickstream.bus.history import History
from wickstream.bus.producer import IdempotentProducer, ProducerBroken, Record, TransactionalProducer
from wickstream.bus.topics import Topic, create_topics
from wickstream.errors import StoreBusy, Unpublishable

pytestmark = pytest.mark.stack


def values(kafka: str, topic: str) -> list[bytes | None]:
    with History(kafka) as history:
        starts = {partition: first for partition, (first, _) in history.bounds(topic).items()}
        return [message.value() for message in history.read(topic, starts)]


def topic_of(kafka: str, name: str) -> str:
    create_topics(kafka, [Topic(name, partitions=2, retention_days=1)])
    return name


def test_what_was_committed_can_be_read_in_order(kafka: str) -> None:
    topic = topic_of(kafka, "test-producer-order")
    producer = TransactionalProducer(kafka, transactional_id="test-order")
    producer.fence()

    producer.publish(Record(topic, "BTCUSDT", b"%d" % i) for i in range(1_000))

    assert values(kafka, topic) == [b"%d" % i for i in range(1_000)]


def test_a_symbol_stays_in_one_partition_whichever_producer_wrote_it(kafka: str) -> None:
    topic = topic_of(kafka, "test-producer-partition")
    producer = TransactionalProducer(kafka, transactional_id="test-partition")
    producer.fence()
    plain = IdempotentProducer(kafka)

    producer.publish([Record(topic, "BTCUSDT", b"1")])
    plain.publish(Record(topic, "BTCUSDT", b"2"))
    plain.flush()

    with History(kafka) as history:
        assert sorted(end - first for first, end in history.bounds(topic).values())[0] == 0
    assert values(kafka, topic) == [b"1", b"2"]


def test_a_predecessor_is_fenced_and_what_it_left_open_is_gone(kafka: str) -> None:
    topic = topic_of(kafka, "test-producer-fence")
    first = TransactionalProducer(kafka, transactional_id="test-fence")
    first.fence()
    first.publish([Record(topic, "BTCUSDT", b"kept")])

    second = TransactionalProducer(kafka, transactional_id="test-fence")
    second.fence()
    second.publish([Record(topic, "BTCUSDT", b"new")])

    with pytest.raises(ProducerBroken) as broken:
        first.publish([Record(topic, "BTCUSDT", b"zombie")])
    assert broken.value.fenced
    assert values(kafka, topic) == [b"kept", b"new"]


def test_a_broken_transaction_leaves_nothing_to_a_committed_reader(kafka: str) -> None:
    topic = topic_of(kafka, "test-producer-broken")
    producer = TransactionalProducer(kafka, transactional_id="test-broken")
    producer.fence()

    with pytest.raises(ProducerBroken):
        producer.publish([Record(topic, "BTCUSDT", b"small"), Record(topic, "BTCUSDT", b"x" * 2_000_000)])

    assert values(kafka, topic) == []


def break_for_good(producer: IdempotentProducer) -> None:
    """By librdkafka's own means for tests; a broker that makes it give up is hard to come by."""
    maps = Path("/proc/self/maps").read_text("utf-8")
    library = ctypes.CDLL(next(line.split()[-1] for line in maps.splitlines() if "librdkafka" in line))
    handle = ctypes.c_void_p.from_address(id(producer._producer) + object.__basicsize__)  # first in its struct
    library.rd_kafka_test_fatal_error(handle, 45, b"out of order, says the test")


def test_a_producer_that_librdkafka_gives_up_is_made_anew_and_publishing_again_works(kafka: str) -> None:
    topic = topic_of(kafka, "test-producer-fatal")
    producer = IdempotentProducer(kafka)

    break_for_good(producer)
    with pytest.raises(StoreBusy, match="out of order, says the test"):
        producer.flush()
    producer.publish(Record(topic, "BTCUSDT", b"1"))
    producer.flush()
    break_for_good(producer)
    with pytest.raises(StoreBusy):
        producer.publish(Record(topic, "BTCUSDT", b"2"))
    producer.publish(Record(topic, "BTCUSDT", b"3"))
    producer.flush()

    assert values(kafka, topic) == [b"1", b"3"]


def test_a_producer_that_breaks_with_records_on_their_way_says_so_and_goes_on(kafka: str) -> None:
    topic = topic_of(kafka, "test-producer-fatal-queue")
    producer = IdempotentProducer(kafka)
    producer.publish(Record(topic, "BTCUSDT", b"1"))
    break_for_good(producer)

    with pytest.raises(StoreBusy, match="out of order, says the test"):
        producer.flush()
    producer.publish(Record(topic, "BTCUSDT", b"2"))
    producer.flush()

    assert b"2" in values(kafka, topic)


def test_a_record_that_no_topic_takes_is_told_from_a_broker_that_is_away(kafka: str) -> None:
    create_topics(kafka, [Topic(name := "test-producer-small", partitions=1, retention_days=1)])
    set_largest(kafka, name, 20_000)
    producer = IdempotentProducer(kafka)

    with pytest.raises(Unpublishable):
        producer.publish(Record(name, "BTCUSDT", b"x" * 1_000_000))
    producer.publish(Record(name, "BTCUSDT", os.urandom(30_000)))
    with pytest.raises(Unpublishable):
        producer.flush()
    producer.publish(Record(name, "BTCUSDT", b"small"))
    producer.flush()

    assert values(kafka, name) == [b"small"]
    absent = IdempotentProducer("127.0.0.1:1")
    absent.publish(Record(name, "BTCUSDT", b"x"))
    with pytest.raises(StoreBusy):
        absent.flush(timeout_s=0.2)
