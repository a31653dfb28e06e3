"""One tier's loop: take from the bus, write, and only then move the offsets."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

import structlog
from confluent_kafka import Consumer

from wickstream import metrics
from wickstream.bus.consumer import Place, Positions, commit, poll_batch, records_behind, subscribe
from wickstream.errors import StoreBusy
from wickstream.stopping import Stop
from wickstream.store.intake import Batch, Rejected, batch_of
from wickstream.store.retries import Patience

log = structlog.get_logger(__name__)

BATCH_ROWS = 2_000
WAIT_S = 0.2
FILL_S = 0.005

Result = TypeVar("Result")


class Tier(Protocol):
    """A store as its loop sees it. Every method may raise StoreBusy, and is then called again after a pause."""

    @property
    def name(self) -> str: ...

    @property
    def group(self) -> str:
        """Of consumers, with a place of its own in each topic."""
        ...

    @property
    def rows(self) -> int:
        """How many records one `take` may bring."""
        ...

    @property
    def topics(self) -> Sequence[str]: ...

    def prepare(self) -> None:
        """Called first: what must be there before anything is stored."""
        ...

    def start_offsets(self, places: Sequence[Place]) -> Mapping[Place, int]:
        """Called when partitions are given to this process: where to begin, if the store knows better than Kafka.

        What the tier took and did not make durable before is forgotten: it comes again.
        """
        ...

    def take(self, batch: Batch) -> Positions:
        """Store, or keep to store later; the positions up to which everything is durable.

        Called without records every now and then. Taking the same batch again after StoreBusy does no harm.
        """
        ...

    def finish(self) -> Positions:
        """Make durable what is not; called once, at the end."""
        ...

    def close(self) -> None: ...


class TierLoop:
    """Runs one tier until `stop` is set; sets `consuming` once the group has given it its partitions."""

    def __init__(
        self,
        tier: Tier,
        consumer: Consumer,
        *,
        stop: Stop,
        consuming: threading.Event,
        set_aside: Callable[[Sequence[Rejected]], None],
    ) -> None:
        self._tier = tier
        self._consumer = consumer
        self._stop = stop
        self._set_aside = set_aside
        self._consuming = consuming

    def run(self) -> None:
        """Returns after `stop` is set and the batch in hand is stored.

        Raises:
            Exception: Whatever the tier or the consumer cannot live with.
        """
        subscribe(self._consumer, self._tier.topics, self._begin)
        try:
            while not self._stop.is_set():
                self._turn()
            self._commit(self._last_chance(self._tier.finish, {}))
        finally:
            self._tier.close()
            self._consumer.close()

    def _begin(self, places: Sequence[Place]) -> Mapping[Place, int]:
        nothing: Mapping[Place, int] = {}
        starts = self._patiently(lambda: self._tier.start_offsets(places), nothing)
        self._consuming.set()
        log.info("consuming", tier=self._tier.name, partitions=len(places))
        return starts

    def _turn(self) -> None:
        messages = poll_batch(self._consumer, limit=self._tier.rows, wait_s=WAIT_S, fill_s=FILL_S)
        batch = batch_of(messages)
        if batch.rejected:
            self._patiently(lambda: self._set_aside(batch.rejected), None)
        self._commit(self._patiently(lambda: self._tier.take(batch), {}))
        metrics.TIER_LAG.labels(self._tier.name).set(records_behind(self._consumer, self._tier.topics[0]))

    def _patiently(self, action: Callable[[], Result], given_up: Result) -> Result:
        """Repeat while the store is busy, for hours if need be; `given_up` if told to stop meanwhile."""
        return Patience(self._stop, tier=self._tier.name).repeat(action, given_up)

    def _last_chance(self, action: Callable[[], Result], given_up: Result) -> Result:
        try:
            return action()
        except StoreBusy as exc:
            log.warning("stopped with records not stored; they come again", tier=self._tier.name, error=str(exc))
            return given_up

    def _commit(self, positions: Positions) -> None:
        if positions:
            commit(self._consumer, positions)
