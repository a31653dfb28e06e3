"""Consumers: offsets are moved by hand, and what they may see of open transactions is always said."""

import time
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient

from wickstream.errors import StoreBusy

log = structlog.get_logger(__name__)

GROUP_PREFIX = "wickstream."
BATCH_BYTES = 4 * 1_024**2  # as records they take ten times as much; half of what is fetched ahead

# Who waits for a store goes on polling (`Member.wait`); what is silent for longer than every client's own patience
# hangs for good, and another member should have its partitions.
_MAX_POLL_MS = 300_000

_ANSWER_S = 1.0  # of the broker, where somebody waits anyway
_PIECE = 100  # records between two looks at how many bytes there are


class Isolation(StrEnum):
    """What a consumer sees of transactions."""

    COMMITTED = "read_committed"
    UNCOMMITTED = "read_uncommitted"  # at once, and aborted records too: only for those who drop what they have seen


class Place(NamedTuple):
    """A partition."""

    topic: str
    partition: int


Positions = dict[Place, int]


def open_consumer(
    bootstrap_servers: str, *, group: str, instance: str, isolation: Isolation, prefetch_kib: int = 8_192
) -> Consumer:
    """A consumer that starts at the earliest record where its group has no offset, and commits nothing by itself.

    `instance` is the same after a restart and different from that of every other member: a process that was killed
    comes back to its partitions at once instead of after the dead one's session.
    """
    return Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": GROUP_PREFIX + group,
            "group.instance.id": instance,
            "isolation.level": str(isolation),
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "earliest",
            "allow.auto.create.topics": False,
            "session.timeout.ms": 10_000,
            "max.poll.interval.ms": _MAX_POLL_MS,
            "fetch.wait.max.ms": 100,
            "queued.max.messages.kbytes": prefetch_kib,
            "reconnect.backoff.ms": 50,
            "reconnect.backoff.max.ms": 1_000,
            "log_level": 2,  # a broker that is away is told by us, once, and not by each connection attempt
        }
    )


def poll_batch(
    consumer: Consumer, *, limit: int, wait_s: float, fill_s: float, limit_bytes: int = BATCH_BYTES
) -> list[Message]:
    """Wait up to `wait_s` for a first record, then up to `fill_s` for more: at most `limit`, and no more once there
    are `limit_bytes`.

    Raises:
        KafkaException: If the consumer is of no further use.
    """
    first = consumer.poll(wait_s)
    if first is None:
        return []
    messages, size, end_s = [first], _size(first), time.monotonic() + fill_s
    while len(messages) < limit and size < limit_bytes:
        wanted = min(_PIECE, limit - len(messages))
        piece = consumer.consume(wanted, max(0.0, end_s - time.monotonic()))
        messages += piece
        size += sum(map(_size, piece))
        if len(piece) < wanted:
            break
    return [message for message in messages if is_record(message)]


def _size(message: Message) -> int:
    return len(message.value() or b"")


def is_record(message: Message) -> bool:
    """Tell a record from a word about the brokers.

    Raises:
        KafkaException: If it says that the consumer is of no further use.
    """
    error = message.error()
    if error is None:
        return True
    if error.fatal() or error.code() == KafkaError._FATAL:  # the latter comes without the flag, and nothing after it
        raise KafkaException(error)
    if error.code() != KafkaError._PARTITION_EOF:
        log.warning("kafka is in trouble", error=error.str())
    return False


def place_of(message: Message) -> Place:
    """Where a record lies."""
    return Place(message.topic() or "", message.partition() or 0)


def positions_after(messages: Iterable[Message]) -> Positions:
    """The offset to go on from in each partition, once all of these are dealt with."""
    positions: Positions = {}
    for message in messages:
        place = place_of(message)
        positions[place] = max(positions.get(place, 0), (message.offset() or 0) + 1)
    return positions


def commit(consumer: Consumer, positions: Mapping[Place, int]) -> None:
    """Move the group's offsets. Partitions that were taken from us meanwhile stay as they are: their next owner
    reads the records again, and every store takes records twice without harm.
    """
    try:
        consumer.commit(offsets=_offsets(positions), asynchronous=False)
    except KafkaException as exc:
        log.warning("offsets not committed", error=exc.args[0].str())


def _offsets(positions: Mapping[Place, int]) -> list[TopicPartition]:
    return [TopicPartition(place.topic, place.partition, offset) for place, offset in positions.items()]


def records_behind(consumer: Consumer, topic: str, *, is_asked: bool) -> int:
    """Records of `topic` in our partitions that we have not been given yet; the broker is asked, or was last heard.

    Raises:
        KafkaException: If it is asked and does not answer.
    """
    positions = consumer.position(_of_topic(consumer, topic))
    return sum(_behind(consumer, position, is_asked=is_asked) for position in positions)


def _of_topic(consumer: Consumer, topic: str) -> list[TopicPartition]:
    return [p for p in consumer.assignment() if p.topic == topic]


def _behind(consumer: Consumer, position: TopicPartition, *, is_asked: bool) -> int:
    low, high = consumer.get_watermark_offsets(position, timeout=_ANSWER_S, cached=not is_asked)
    return max(0, high - max(low, position.offset))  # retention may be ahead of us; below 0: not known yet


def require_topics(bootstrap_servers: str, topics: Iterable[str]) -> None:
    """Check that the broker answers and has these topics.

    Raises:
        StoreBusy: If not, or not yet.
    """
    try:
        there = AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 0}).list_topics(timeout=2).topics
    except KafkaException as exc:
        raise StoreBusy(f"Kafka at {bootstrap_servers}: {exc.args[0].str()}") from exc
    missing = sorted(set(topics) - there.keys())
    if missing:
        raise StoreBusy(f"Kafka at {bootstrap_servers} has no topic {', '.join(missing)} yet")
