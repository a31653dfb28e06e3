"""Kafka killed in the middle of a transaction.

Brokers of 4.3 and 4.4 forget its end where a partition has no leader for a moment (KAFKA-20734); what was open is then
committed with whatever comes next.
"""

import pytest
from confluent_kafka import IsolationLevel, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

from tests.chaos.conftest import Broker
from wickstream.bus.producer import TransactionalProducer
from wickstream.bus.topics import RAW_TRADES, TOPICS

pytestmark = [pytest.mark.stack, pytest.mark.timeout(90)]

SHARD = "spot-0/1"
TIMEOUT_S = 1.0  # over when the broker is back, so that its coordinator ends the transaction while starting
PARTITIONS = next(topic.partitions for topic in TOPICS if topic.name == RAW_TRADES)


def test_what_was_open_when_kafka_died_is_over_before_a_successor_writes(broker: Broker) -> None:
    left_open = open_transaction(broker.address)
    broker.process.kill()
    broker.start()
    TransactionalProducer(broker.address, transactional_id=SHARD).fence()

    assert ends(broker.address, IsolationLevel.READ_COMMITTED) == ends(broker.address, IsolationLevel.READ_UNCOMMITTED)
    del left_open


def open_transaction(bootstrap_servers: str) -> Producer:
    """With a record in each partition, on the broker's disk."""
    producer = Producer(
        {
            "bootstrap.servers": bootstrap_servers,
            "transactional.id": SHARD,
            "transaction.timeout.ms": int(TIMEOUT_S * 1_000),
            "log_level": 0,
        }
    )
    producer.init_transactions(30)
    producer.begin_transaction()
    for partition in range(PARTITIONS):
        producer.produce(RAW_TRADES, b"never committed", partition=partition)
    assert producer.flush(10) == 0
    return producer


def ends(bootstrap_servers: str, isolation: IsolationLevel) -> dict[int, int]:
    """Of each partition, where a consumer that sees so much comes to its end."""
    admin = AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 0})
    latest: OffsetSpec = OffsetSpec.latest()  # type: ignore[no-untyped-call]
    asked = {TopicPartition(RAW_TRADES, partition): latest for partition in range(PARTITIONS)}
    answers = admin.list_offsets(asked, isolation_level=isolation)
    return {place.partition: answer.result().offset for place, answer in answers.items()}
