"""How far a consumer group has come, asked from outside it.

By a consumer that never joins: librdkafka's admin client ends the process (SIGSEGV or SIGABRT) where the broker that it
asks for a group's offsets does not coordinate the group yet, as each broker for a while after its start.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

from confluent_kafka import Consumer, KafkaException, TopicPartition

from wickstream.bus.consumer import GROUP_PREFIX, Place
from wickstream.errors import StoreBusy

ANSWER_SECONDS = 10.0


def committed_offsets(bootstrap_servers: str, group: str, places: Sequence[Place]) -> dict[Place, int]:
    """Where the group goes on in each of these partitions; without those in which it has never committed anything.

    Raises:
        StoreBusy: If Kafka does not answer.
    """
    with _onlooker(bootstrap_servers, group) as consumer:
        return _committed(consumer, places)


def records_behind(bootstrap_servers: str, group: str, topic: str) -> int:
    """How many of the records that are there the group has not committed; 0 where it never committed anything.

    Raises:
        StoreBusy: If Kafka does not answer.
    """
    with _onlooker(bootstrap_servers, group) as consumer:
        partitions = consumer.list_topics(topic, timeout=ANSWER_SECONDS).topics[topic].partitions
        done = _committed(consumer, [Place(topic, partition) for partition in partitions])
        return sum(_behind(consumer, place, offset) for place, offset in done.items())


@contextmanager
def _onlooker(bootstrap_servers: str, group: str) -> Iterator[Consumer]:
    options = {"bootstrap.servers": bootstrap_servers, "group.id": GROUP_PREFIX + group, "log_level": 0}
    with closing(Consumer(options)) as consumer:
        try:
            yield consumer
        except KafkaException as exc:
            raise StoreBusy(f"Kafka: {exc.args[0].str()}") from exc


def _committed(consumer: Consumer, places: Sequence[Place]) -> dict[Place, int]:
    if not places:
        return {}
    found = consumer.committed([TopicPartition(*place) for place in places], timeout=ANSWER_SECONDS)
    for one in found:
        if one.error:
            raise KafkaException(one.error)
    return {Place(one.topic, one.partition): one.offset for one in found if one.offset >= 0}


def _behind(consumer: Consumer, place: Place, offset: int) -> int:
    first, end = consumer.get_watermark_offsets(TopicPartition(*place), timeout=ANSWER_SECONDS)
    return max(0, end - max(first, offset))
