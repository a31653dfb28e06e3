"""One tier's loop: take from the bus, write, and only then move the offsets."""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol, TypeVar

import structlog
from confluent_kafka import KafkaException, Message

from wickstream import metrics
from wickstream.bus.consumer import Place, Positions, positions_after
from wickstream.bus.member import Member
from wickstream.errors import StoreBusy, Unpublishable
from wickstream.stopping import Stop
from wickstream.store.intake import Batch, Rejected, batch_of
from wickstream.store.retries import Patience

log = structlog.get_logger(__name__)

BATCH_ROWS = 2_000
WAIT_S = 0.2
FILL_S = 0.005
REFUSED_IN_A_ROW = 100  # a store that refuses everything has a fault of its own, and no letter mends it

SetAside = Callable[[Sequence[Rejected]], None]
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
    def fill_s(self) -> float:
        """How long one `take` may wait for more than a first record."""
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

        Called without records every now and then. Taking the same batch again after StoreBusy does no harm. Each call
        ends by itself, within the patience of the store's client.

        Raises:
            Unpublishable: If a record among them will never be accepted, and nothing of the batch is stored.
        """
        ...

    def finish(self) -> Positions:
        """Make durable what is not; called once, at the end."""
        ...

    def close(self) -> None: ...


class TierLoop:
    """Runs one tier until `stop` is set; sets `consuming` once the group has given it its partitions.

    What no tier takes goes to `reject`, what only this one refuses to `refuse`.
    """

    def __init__(
        self,
        tier: Tier,
        member: Member,
        *,
        stop: Stop,
        consuming: threading.Event,
        reject: SetAside,
        refuse: SetAside,
    ) -> None:
        self._tier = tier
        self._member = member
        self._stop = stop
        self._consuming = consuming
        self._reject = reject
        self._refuse = refuse
        self._refused_in_a_row = 0

    def run(self) -> None:
        """Returns after `stop` is set and the batch in hand is stored.

        Raises:
            Exception: Whatever the tier or the consumer cannot live with.
        """
        try:
            while not self._stop.is_set():
                self._turn()
            if not self._member.has_moved:
                self._member.commit(self._last_chance(self._tier.finish, {}))
        finally:
            self._tier.close()
            self._member.close()

    def _turn(self) -> None:
        messages = self._member.poll(limit=self._tier.rows, wait_s=WAIT_S, fill_s=self._tier.fill_s)
        if self._member.has_moved:
            self._begin()
        elif self._take(messages):
            self._tell_lag()

    def _begin(self) -> None:
        places = self._member.given
        if places is None:
            return
        starts = self._patiently(lambda: self._tier.start_offsets(places), None)
        if starts is not None:
            self._member.begin(starts)
            self._consuming.set()
            log.info("consuming", tier=self._tier.name, partitions=len(places))

    def _take(self, messages: Sequence[Message]) -> bool:
        """False: given up; neither these nor what comes after them may be committed."""
        batch = batch_of(messages)
        try:
            positions = self._patiently(lambda: self._tier.take(batch), None)
        except Unpublishable as exc:
            return self._take_apart(messages, exc)
        if messages:
            self._refused_in_a_row = 0
        return positions is not None and self._put_aside(batch.rejected, self._reject) and self._commit(positions)

    def _take_apart(self, messages: Sequence[Message], exc: Unpublishable) -> bool:
        """Halve until what the store refuses is alone."""
        if len(messages) > 1:
            middle = len(messages) // 2
            return self._take(messages[:middle]) and self._take(messages[middle:])
        self._refused_in_a_row += 1
        if self._refused_in_a_row > REFUSED_IN_A_ROW:
            raise exc
        refused = [Rejected(message, f"{self._tier.name}: {exc.reason}") for message in messages]
        if not self._put_aside(refused, self._refuse):
            return False
        passed = Batch(positions=positions_after(messages))
        positions = self._patiently(lambda: self._tier.take(passed), None)
        return positions is not None and self._commit(positions)

    def _put_aside(self, records: Sequence[Rejected], put: SetAside) -> bool:
        def put_all() -> bool:
            put(records)
            return True

        return not records or self._patiently(put_all, False)  # noqa: FBT003 - what it returns

    def _patiently(self, action: Callable[[], Result], given_up: Result) -> Result:
        """Repeat while the store is busy, for hours if need be; `given_up` if told to stop or to let go meanwhile."""
        return Patience(self, tier=self._tier.name).repeat(action, given_up)

    def wait(self, timeout: float) -> bool:
        """The member's wait, as a pause; how far the tier is behind is told meanwhile, as it grows."""
        gives_up = self._member.wait(timeout)
        with suppress(KafkaException):  # it is away, too
            self._tell_lag(is_asked=True)
        return gives_up

    def _tell_lag(self, *, is_asked: bool = False) -> None:
        behind = self._member.behind(self._tier.topics[0], is_asked=is_asked)
        metrics.TIER_LAG.labels(self._tier.name).set(behind)

    def _last_chance(self, action: Callable[[], Result], given_up: Result) -> Result:
        try:
            return action()
        except StoreBusy as exc:
            log.warning("stopped with records not stored; they come again", tier=self._tier.name, error=str(exc))
            return given_up

    def _commit(self, positions: Positions) -> bool:
        self._member.commit(positions)
        return True
