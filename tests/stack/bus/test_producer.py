"""Transactions on a real broker: whole or not at all, and only by the newest of its name."""

import pytest

from wickstream.bus.history import History
from wickstream.bus.producer import IdempotentProducer, ProducerBroken, Record, TransactionalProducer
from wickstream.bus.topics import Topic, create_topics

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
