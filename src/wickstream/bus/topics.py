"""The topics: their names, partitions and retention. Counts are fixed for the life of a data folder."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from wickstream.errors import StoreBusy

RAW_TRADES = "raw_trades"
RAW_TICKERS = "raw_tickers"
MINUTE_MARKS = "minute_marks"
PROCESSED_AGGS = "processed_aggs"
ALERTS = "alerts"
FEED_GAPS = "feed_gaps"
SYMBOL_EVENTS = "symbol_events"
DEAD_LETTERS = "dead_letters"

_DAY_MS = 86_400_000
_GIB = 1_024**3
_SEGMENT = 4 * 1_024**2
_ANSWER_SECONDS = 10.0
_THE_BROKERS_OWN = -1  # replication factor, as the protocol says it


@dataclass(frozen=True)
class Topic:
    """One topic as it is created."""

    name: str
    partitions: int
    retention_days: int | None  # None: compacted, kept for ever
    retention_bytes: int = -1  # over all partitions; -1: by time only

    def config(self) -> dict[str, str]:
        """Broker-side settings of the topic."""
        if self.retention_days is None:
            # Small segments: the newest is never compacted, and every start reads the topic whole.
            return {"cleanup.policy": "compact", "segment.ms": "600000", "segment.bytes": str(_SEGMENT)}
        bound = -1 if self.retention_bytes < 0 else self.retention_bytes // self.partitions
        return {
            "cleanup.policy": "delete",
            "retention.ms": str(self.retention_days * _DAY_MS),
            "retention.bytes": str(bound),
            # Stamped by the producer's clock, not by trade time: a recording of 2024 must not expire at once.
            "message.timestamp.type": "CreateTime",
        }


TOPICS = (
    Topic(RAW_TRADES, partitions=6, retention_days=3, retention_bytes=20 * _GIB),
    Topic(RAW_TICKERS, partitions=3, retention_days=1),
    Topic(MINUTE_MARKS, partitions=3, retention_days=30),
    Topic(PROCESSED_AGGS, partitions=3, retention_days=30),
    Topic(ALERTS, partitions=3, retention_days=30),
    Topic(FEED_GAPS, partitions=3, retention_days=30),
    Topic(SYMBOL_EVENTS, partitions=1, retention_days=None),
    Topic(DEAD_LETTERS, partitions=3, retention_days=30),
)


def create_topics(
    bootstrap_servers: str,
    topics: Iterable[Topic] = TOPICS,
    *,
    replicas: int | None = None,
    min_in_sync: int | None = None,
) -> None:
    """Create the topics that are not there yet; those that are stay as they are.

    A record is kept by `replicas` brokers, and acknowledged when `min_in_sync` of them have it; None: as the brokers
    are set up.

    Raises:
        KafkaException: If the broker refuses or cannot be reached within 30 s.
    """
    # log_level 0: librdkafka writes a line of its own at the end otherwise.
    admin = AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 0})
    copies = _THE_BROKERS_OWN if replicas is None else replicas
    in_sync = {} if min_in_sync is None else {"min.insync.replicas": str(min_in_sync)}
    wanted = [NewTopic(t.name, t.partitions, copies, config=t.config() | in_sync) for t in topics]
    for future in admin.create_topics(wanted, request_timeout=30).values():
        try:
            future.result()
        except KafkaException as exc:
            if exc.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise


def topic_ids(bootstrap_servers: str, names: Collection[str]) -> dict[str, int]:
    """Which topics these are: 63 bits of the id that the brokers gave each when it was created.

    One that was deleted and created again has another. 0 for all where the brokers give none.

    Raises:
        StoreBusy: If Kafka does not answer, or has no such topic yet.
    """
    admin = AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 0})
    try:
        answers = admin.describe_topics(TopicCollection(list(names)), request_timeout=_ANSWER_SECONDS)
        ids = {name: answer.result().topic_id for name, answer in answers.items()}
    except KafkaException as exc:
        raise StoreBusy(f"Kafka at {bootstrap_servers}: {exc.args[0].str()}") from exc
    return {name: found.get_most_significant_bits() % 2**63 for name, found in ids.items()}
