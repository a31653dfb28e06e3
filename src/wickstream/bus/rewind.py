"""Where to begin for the recent past: by the records' own age, so that it works after a night switched off too."""

from collections.abc import Sequence

from confluent_kafka import Consumer, IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec  # where its type is declared

from wickstream.bus.consumer import Place
from wickstream.errors import StoreBusy

ANSWER_SECONDS = 10.0


def recent_offsets(
    consumer: Consumer, bootstrap_servers: str, places: Sequence[Place], *, back_ms: int
) -> dict[Place, int]:
    """Of each partition the first offset published at most `back_ms` before its newest record; 0 of an empty one.

    Raises:
        StoreBusy: If Kafka does not answer.
    """
    try:
        newest = _newest_timestamps(bootstrap_servers, places)
        asked = [
            TopicPartition(place.topic, place.partition, max(0, published_at - back_ms))
            for place, published_at in newest.items()
            if published_at >= 0
        ]
        found = consumer.offsets_for_times(asked, timeout=ANSWER_SECONDS) if asked else []
    except KafkaException as exc:
        raise StoreBusy(f"Kafka: {exc.args[0].str()}") from exc
    return dict.fromkeys(places, 0) | {Place(p.topic, p.partition): max(0, p.offset) for p in found}


def _newest_timestamps(bootstrap_servers: str, places: Sequence[Place]) -> dict[Place, int]:
    """Publishing time (ms) of each partition's newest record; -1 of an empty one."""
    if not places:
        return {}
    admin = AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 0})
    newest: OffsetSpec = OffsetSpec.max_timestamp()  # type: ignore[no-untyped-call]
    asked = {TopicPartition(place.topic, place.partition): newest for place in places}
    answers = admin.list_offsets(asked, isolation_level=IsolationLevel.READ_UNCOMMITTED, request_timeout=ANSWER_SECONDS)
    return {Place(p.topic, p.partition): answer.result().timestamp for p, answer in answers.items()}
