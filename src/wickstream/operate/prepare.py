"""What has to be there before the processes start, where nobody runs `up`: topics, and the tables of PostgreSQL."""

import time
from collections.abc import Callable

from confluent_kafka import KafkaException

from wickstream.config import Settings
from wickstream.errors import Mistake, StoreBusy
from wickstream.operate.stack import make_topics
from wickstream.store.warm.migrations import migrate

PAUSE_S = 1.0


def prepare(settings: Settings, *, patience_s: float, tell: Callable[[str], None]) -> None:
    """Make what is not there yet; any number of times. Waits for servers that are still starting.

    Raises:
        Mistake: If one does not answer for so long, or refuses.
    """
    ends_s = time.monotonic() + patience_s
    postgres = f"{settings.postgres_host or '127.0.0.1'}:{settings.postgres_port}"
    _until_made(lambda: make_topics(settings), f"topics on {settings.kafka}", ends_s, tell)
    _until_made(lambda: migrate(settings), f"tables on {postgres}", ends_s, tell)


def _until_made(make: Callable[[], None], what: str, ends_s: float, tell: Callable[[str], None]) -> None:
    tell(f"making {what} …")
    while True:
        try:
            return make()
        except (KafkaException, StoreBusy) as exc:
            if time.monotonic() > ends_s:
                raise Mistake(f"{what}: {exc}") from exc
        time.sleep(PAUSE_S)
