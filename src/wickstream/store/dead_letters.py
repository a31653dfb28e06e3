"""Records that no tier will ever take, set aside untouched."""

from collections.abc import Sequence

import structlog

from wickstream import metrics
from wickstream.bus.producer import IdempotentProducer, Record
from wickstream.bus.topics import DEAD_LETTERS
from wickstream.store.intake import Rejected

log = structlog.get_logger(__name__)


class DeadLetters:
    """The topic `dead_letters`; connects when the first record comes."""

    def __init__(self, bootstrap_servers: str) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._producer: IdempotentProducer | None = None

    def set_aside(self, rejected: Sequence[Rejected]) -> None:
        """Publish the raw bytes and why; they are acknowledged when it returns.

        Raises:
            StoreBusy: If Kafka does not take them now; setting them aside twice does no harm.
        """
        self._producer = self._producer or IdempotentProducer(self._bootstrap_servers)
        for one in rejected:
            self._producer.publish(_letter(one))
        self._producer.flush()
        metrics.DEAD_LETTERS.labels("unpublishable").inc(len(rejected))
        log.warning("records set aside", count=len(rejected), first=rejected[0].reason)


def left_to_warm(_rejected: Sequence[Rejected]) -> None:
    """Three tiers meet the same bad record; the warm one, which reads every topic, sets it aside for all."""


def _letter(rejected: Rejected) -> Record:
    message = rejected.message
    headers = {
        "reason": rejected.reason,
        "topic": message.topic(),
        "partition": message.partition(),
        "offset": message.offset(),
    }
    return Record(
        DEAD_LETTERS,
        (message.key() or b"").decode("utf-8", "replace"),
        message.value() or b"",
        [(name, str(value).encode()) for name, value in headers.items()],
    )
