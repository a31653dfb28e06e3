"""How far a consumer group has come, asked from outside it."""

from collections.abc import Sequence

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec  # where its type is declared

from wickstream.bus.consumer import GROUP_PREFIX, Place
from wickstream.errors import StoreBusy

ANSWER_SECONDS = 10.0


def committed_offsets(bootstrap_servers: str, group: str, places: Sequence[Place]) -> dict[Place, int]:
    """Where the group goes on in each of these partitions; without those in which it has never committed anything.

    Raises:
        StoreBusy: If Kafka does not answer.
    """
    admin = AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 0})
    asked = ConsumerGroupTopicPartitions(GROUP_PREFIX + group, [TopicPartition(*place) for place in places])
    try:
        (answer,) = admin.list_consumer_group_offsets([asked], request_timeout=ANSWER_SECONDS).values()
        found = answer.result().topic_partitions or []
    except KafkaException as exc:
        raise StoreBusy(f"Kafka: {exc.args[0].str()}") from exc
    return {Place(p.topic, p.partition): p.offset for p in found if p.offset >= 0}


def records_behind(bootstrap_servers: str, group: str, topic: str) -> int:
    """How many records of a topic the group has not committed; 0 where it never committed anything.

    Raises:
        StoreBusy: If Kafka does not answer.
    """
    admin = AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 0})
    try:
        partitions = admin.list_topics(topic, timeout=ANSWER_SECONDS).topics[topic].partitions
        latest: OffsetSpec = OffsetSpec.latest()  # type: ignore[no-untyped-call]
        asked = {TopicPartition(topic, partition): latest for partition in partitions}
        answers = admin.list_offsets(asked, request_timeout=ANSWER_SECONDS)
        ends = {Place(p.topic, p.partition): answer.result().offset for p, answer in answers.items()}
    except KafkaException as exc:
        raise StoreBusy(f"Kafka: {exc.args[0].str()}") from exc
    done = committed_offsets(bootstrap_servers, group, list(ends))
    return sum(max(0, ends[place] - offset) for place, offset in done.items())
