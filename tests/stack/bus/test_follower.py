"""Following a topic: from its beginning, past its end, without waiting for anybody's transaction."""

import pytest
from confluent_kafka import Message

from wickstream.bus.follower import Follower
from wickstream.bus.producer import IdempotentProducer, Record, TransactionalProducer
from wickstream.bus.topics import Topic, create_topics
from wickstream.errors import StoreBusy

pytestmark = pytest.mark.stack


def values(messages: list[Message]) -> list[bytes | None]:
    return [message.value() for message in messages]


def test_what_is_there_comes_first_and_what_comes_then_is_news(kafka: str) -> None:
    create_topics(kafka, [Topic("test-follower", partitions=2, retention_days=None)])
    producer = IdempotentProducer(kafka)
    producer.publish(Record("test-follower", "币安人生USDT@operator", b"1"))
    producer.flush()
    follower = Follower.open(kafka, "test-follower")

    assert values(follower.catch_up()) == [b"1"]
    assert follower.news() == []
    producer.publish(Record("test-follower", "B", b"2"))
    producer.flush()
    assert values(follower.news(wait_s=0.5)) == [b"2"]
    follower.close()


def test_a_transaction_that_is_open_holds_nothing_up(kafka: str) -> None:
    create_topics(kafka, [Topic("test-follower-open", partitions=1, retention_days=1)])
    other = TransactionalProducer(kafka, transactional_id="test-follower")
    other.fence()
    other._producer.begin_transaction()
    other._producer.produce("test-follower-open", b"open", "A")
    other._producer.flush(10)
    producer = IdempotentProducer(kafka)
    producer.publish(Record("test-follower-open", "A", b"said"))
    producer.flush()

    follower = Follower.open(kafka, "test-follower-open")
    assert values(follower.catch_up()) == [b"open", b"said"]
    follower.close()


def test_a_topic_the_broker_does_not_know_is_not_an_empty_topic(kafka: str) -> None:
    with pytest.raises(StoreBusy, match="no_such_topic"):
        Follower.open(kafka, "no_such_topic")
