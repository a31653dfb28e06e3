"""Reading one topic from its beginning to its present end, and on from there, outside any consumer group."""

from typing import Self

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from wickstream.bus.consumer import Isolation
from wickstream.errors import StoreBusy

REQUEST_S = 15.0
BATCH_ROWS = 1_000


class Follower:
    """Sees open and aborted transactions too: for topics whose records of interest are never part of one.

    Use `open` to make one.
    """

    def __init__(self, consumer: Consumer, topic: str) -> None:
        self._consumer = consumer
        self._topic = topic

    @classmethod
    def open(cls, bootstrap_servers: str, topic: str) -> Self:
        """Stand at the beginning; blocks.

        Raises:
            StoreBusy: If Kafka cannot be asked now, or has no such topic yet.
        """
        consumer = Consumer(
            {
                "bootstrap.servers": bootstrap_servers,
                "group.id": "wickstream-follower",  # librdkafka wants one; nothing is ever committed to it
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "isolation.level": str(Isolation.UNCOMMITTED),
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 100,
                "reconnect.backoff.max.ms": 1_000,
                "log_level": 2,
            }
        )
        follower = cls(consumer, topic)
        try:
            follower._assign()
        except StoreBusy:
            consumer.close()
            raise
        return follower

    def _assign(self) -> None:
        try:
            found = self._consumer.list_topics(self._topic, timeout=REQUEST_S).topics[self._topic]
        except KafkaException as exc:
            raise StoreBusy(f"Kafka, {self._topic}: {exc.args[0].str()}") from exc
        if found.error is not None:  # unknown, or without a leader yet
            raise StoreBusy(f"Kafka, {self._topic}: {found.error.str()}")
        self._unfinished = set(found.partitions)
        self._consumer.assign([TopicPartition(self._topic, number, 0) for number in found.partitions])

    def catch_up(self) -> list[Message]:
        """All records up to the present end of each partition; blocks.

        Raises:
            StoreBusy: If Kafka does not give them.
        """
        records: list[Message] = []
        while self._unfinished:
            message = self._consumer.poll(REQUEST_S)
            if message is None:
                raise StoreBusy(f"Kafka does not give {self._topic}")
            error = message.error()
            if error is None:
                records.append(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                self._unfinished.discard(message.partition() or 0)
            else:
                raise StoreBusy(f"Kafka, {self._topic}: {error.str()}")
        return records

    def news(self, *, wait_s: float = 0.0) -> list[Message]:
        """What has come since, or comes within `wait_s`. While Kafka is away there is nothing."""
        return [message for message in self._consumer.consume(BATCH_ROWS, wait_s) if message.error() is None]

    def close(self) -> None:
        """Let go of the connections; blocks for a moment."""
        self._consumer.close()
