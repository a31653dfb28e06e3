"""Reading one topic from its beginning, or its recent past, to its present end and on, outside any consumer group."""

from collections.abc import Iterator
from typing import Self

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from wickstream.bus.consumer import Isolation, Place
from wickstream.bus.rewind import recent_offsets
from wickstream.errors import StoreBusy

REQUEST_S = 15.0
BATCH_ROWS = 1_000
_PREFETCH_KIB = 256


class Follower:
    """Use `open` to make one."""

    def __init__(self, consumer: Consumer, topic: str) -> None:
        self._consumer = consumer
        self._topic = topic

    @classmethod
    def open(
        cls,
        bootstrap_servers: str,
        topic: str,
        *,
        isolation: Isolation = Isolation.UNCOMMITTED,
        back_ms: int | None = None,
    ) -> Self:
        """Stand at the beginning, or so long before each partition's newest record; blocks.

        `isolation`: as it is, open and aborted transactions are seen too, which is for topics whose records of
        interest are never part of one.

        Raises:
            StoreBusy: If Kafka cannot be asked now, or has no such topic yet.
        """
        consumer = Consumer(
            {
                "bootstrap.servers": bootstrap_servers,
                "group.id": "wickstream-follower",  # librdkafka wants one; nothing is ever committed to it
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "isolation.level": str(isolation),
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 100,
                "queued.max.messages.kbytes": _PREFETCH_KIB,
                "fetch.message.max.bytes": 1_024 * _PREFETCH_KIB,  # compressed: of candles it becomes ten times as much
                "reconnect.backoff.max.ms": 1_000,
                "log_level": 2,
            }
        )
        follower = cls(consumer, topic)
        try:
            follower._assign(bootstrap_servers, back_ms)
        except StoreBusy:
            consumer.close()
            raise
        return follower

    def _assign(self, bootstrap_servers: str, back_ms: int | None) -> None:
        try:
            found = self._consumer.list_topics(self._topic, timeout=REQUEST_S).topics[self._topic]
        except KafkaException as exc:
            raise StoreBusy(f"Kafka, {self._topic}: {exc.args[0].str()}") from exc
        if found.error is not None:  # unknown, or without a leader yet
            raise StoreBusy(f"Kafka, {self._topic}: {found.error.str()}")
        self._unfinished = set(found.partitions)
        starts = {Place(self._topic, number): 0 for number in found.partitions}
        if back_ms is not None:
            starts = recent_offsets(self._consumer, bootstrap_servers, list(starts), back_ms=back_ms)
        self._consumer.assign([TopicPartition(*place, offset) for place, offset in starts.items()])

    def catch_up(self) -> list[Message]:
        """All records up to the present end of each partition; blocks.

        Raises:
            StoreBusy: If Kafka does not give them.
        """
        return list(self.to_present_end())

    def to_present_end(self) -> Iterator[Message]:
        """The same one by one, for topics that are larger than our memory."""
        while self._unfinished:
            message = self._consumer.poll(REQUEST_S)
            if message is None:
                raise StoreBusy(f"Kafka does not give {self._topic}")
            error = message.error()
            if error is None:
                yield message
            elif error.code() == KafkaError._PARTITION_EOF:
                self._unfinished.discard(message.partition() or 0)
            else:
                raise StoreBusy(f"Kafka, {self._topic}: {error.str()}")

    def news(self, *, wait_s: float = 0.0) -> list[Message]:
        """What has come since, or comes within `wait_s`. While Kafka is away there is nothing."""
        return [message for message in self._consumer.consume(BATCH_ROWS, wait_s) if message.error() is None]

    def close(self) -> None:
        """Let go of the connections; blocks for a moment."""
        self._consumer.close()
