"""Reading what a topic already holds, from a place to its present end, outside any consumer group."""

from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Self

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from wickstream.bus.consumer import Place
from wickstream.bus.rewind import recent_offsets
from wickstream.errors import StoreBusy

REQUEST_S = 15.0
AT_ONCE = 1_000
SLICE_S = 0.02  # `consume` waits until it has all it was asked for, or so long


class History:
    """Committed records only. Every method may raise StoreBusy: Kafka cannot be asked now."""

    def __init__(self, bootstrap_servers: str, *, request_s: float = REQUEST_S) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._answer_s = request_s
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap_servers,
                "group.id": "wickstream-history",  # librdkafka wants one; nothing is ever committed to it
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "isolation.level": "read_committed",
                "auto.offset.reset": "earliest",  # where retention was faster: what is left, and not the end
                "fetch.queue.backoff.ms": 5,
                # Only a fetch without records tells a partition's end, and until it returns all other questions wait.
                "fetch.wait.max.ms": 20,
                "log_level": 3,
            }
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._consumer.close()

    def bounds(self, topic: str) -> dict[int, tuple[int, int]]:
        """First offset and end offset of each partition."""
        try:
            found = self._consumer.list_topics(topic, timeout=self._answer_s).topics[topic]
            if found.error is None:
                return {
                    partition: self._consumer.get_watermark_offsets(
                        TopicPartition(topic, partition), timeout=self._answer_s
                    )
                    for partition in found.partitions
                }
        except KafkaException as exc:
            raise StoreBusy(f"Kafka, {topic}: {exc.args[0].str()}") from exc
        raise StoreBusy(f"Kafka, {topic}: {found.error.str()}")  # not empty: unknown, or without a leader yet

    def offsets_at(self, topic: str, time_ms: int) -> dict[int, int]:
        """Of each partition, the first offset written at `time_ms` (producers' clock) or later; its end if none was."""
        bounds = self.bounds(topic)
        asked = [TopicPartition(topic, partition, max(0, time_ms)) for partition in bounds]
        try:
            found = self._consumer.offsets_for_times(asked, timeout=self._answer_s)
        except KafkaException as exc:
            raise StoreBusy(f"Kafka, {topic}: {exc.args[0].str()}") from exc
        return {at.partition: at.offset if at.offset >= 0 else bounds[at.partition][1] for at in found}

    def offsets_back(self, topic: str, *, back_ms: int) -> dict[int, int]:
        """Of each partition, the first offset written at most `back_ms` before its newest record; 0 of an empty one."""
        places = [Place(topic, partition) for partition in self.bounds(topic)]
        found = recent_offsets(self._consumer, self._bootstrap_servers, places, back_ms=back_ms)
        return {place.partition: offset for place, offset in found.items()}

    def read(self, topic: str, starts: Mapping[int, int]) -> Iterator[Message]:
        """Records of each partition from its start offset to its end, partition by partition in order."""
        self._consumer.assign([TopicPartition(topic, partition, offset) for partition, offset in starts.items()])
        unfinished = set(starts)
        while unfinished:
            messages = self._consumer.consume(AT_ONCE, timeout=SLICE_S) or self._consumer.consume(
                1, timeout=self._answer_s
            )
            if not messages:
                raise StoreBusy(f"Kafka does not give {topic}")
            for message in messages:
                error = message.error()
                if error is None:
                    yield message
                elif error.code() == KafkaError._PARTITION_EOF:
                    unfinished.discard(message.partition())
                else:
                    raise StoreBusy(f"Kafka, {topic}: {error.str()}")
        self._consumer.unassign()
