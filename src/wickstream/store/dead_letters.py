"""Records that no tier will ever take, set aside untouched."""

from collections.abc import Sequence

import structlog

from wickstream import metrics
from wickstream.bus.producer import IdempotentProducer, Record
from wickstream.bus.topics import DEAD_LETTERS
from wickstream.errors import Unpublishable
from wickstream.store.intake import Rejected

log = structlog.get_logger(__name__)

LARGEST_BYTES = 900_000  # of a value; librdkafka and brokers take 1,000,000 with key and headers, if not told otherwise
SHORT_BYTES = 10_000  # where they were
_WORD_BYTES = 1_000  # of the key and of each header


class DeadLetters:
    """The topic `dead_letters`; connects when the first record comes."""

    def __init__(self, bootstrap_servers: str) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._producer: IdempotentProducer | None = None

    def set_aside(self, rejected: Sequence[Rejected]) -> None:
        """Publish the raw bytes and why; they are acknowledged when it returns. What is too large for the topic is cut.

        Raises:
            StoreBusy: If Kafka does not take them now; setting them aside twice does no harm.
        """
        try:
            self._publish([_letter(one, most=LARGEST_BYTES) for one in rejected])
        except Unpublishable:
            self._publish_one_by_one(rejected)
        metrics.DEAD_LETTERS.labels("unpublishable").inc(len(rejected))
        log.warning("records set aside", count=len(rejected), first=rejected[0].reason)

    def _publish_one_by_one(self, rejected: Sequence[Rejected]) -> None:
        for one in rejected:
            try:
                self._publish([_letter(one, most=LARGEST_BYTES)])
            except Unpublishable:
                self._publish([_letter(one, most=SHORT_BYTES)])

    def _publish(self, letters: Sequence[Record]) -> None:
        self._producer = self._producer or IdempotentProducer(self._bootstrap_servers)
        for letter in letters:
            self._producer.publish(letter)
        self._producer.flush()


def left_to_warm(_rejected: Sequence[Rejected]) -> None:
    """Three tiers meet the same bad record; the warm one, which reads every topic, sets it aside for all."""


def _letter(rejected: Rejected, *, most: int) -> Record:
    message = rejected.message
    value = message.value() or b""
    headers: dict[str, object] = {
        "reason": rejected.reason,
        "topic": message.topic(),
        "partition": message.partition(),
        "offset": message.offset(),
    }
    if len(value) > most:
        headers |= {"original_size": len(value), "truncated": "true"}
    return Record(
        DEAD_LETTERS,
        (message.key() or b"")[:_WORD_BYTES].decode("utf-8", "replace"),
        value[:most],
        [(name, str(word).encode()[:_WORD_BYTES]) for name, word in headers.items()],
    )
