"""A place in a consumer group that is kept while the work on a batch waits."""

import time
from collections.abc import Iterable, Mapping, Sequence

from confluent_kafka import OFFSET_STORED, Consumer, Message, TopicPartition

from wickstream.bus.consumer import Place, Positions, commit, is_record, poll_batch, records_behind
from wickstream.stopping import Stop

_SLICE_S = 0.1


class Member:
    """Brings records, and goes on answering the group while somebody waits. Not for two threads at once.

    When partitions move, `has_moved` tells so until `begin`: whatever is in hand is to be forgotten. It comes again, to
    whoever has its partition then.
    """

    def __init__(self, consumer: Consumer, topics: Iterable[str], *, stop: Stop) -> None:
        self._consumer = consumer
        self._stop = stop
        self._given: tuple[Place, ...] | None = None
        self._moves = 0
        self._begun_at = -1  # so many moves
        self._paused: list[TopicPartition] = []
        self._early: list[Message] = []  # what came in spite of the pause
        consumer.subscribe(list(topics), on_assign=self._give, on_revoke=self._take_away)

    @property
    def has_moved(self) -> bool:
        """Partitions were given or taken away, and `begin` was not called since."""
        return self._begun_at != self._moves

    @property
    def given(self) -> Sequence[Place] | None:
        """The partitions that are ours; None while the group has not said."""
        return self._given

    def begin(self, starts: Mapping[Place, int]) -> None:
        """Read what was given from `starts`, or where that says nothing from the group's offset."""
        given = self._given or ()
        self._consumer.assign([TopicPartition(*place, starts.get(place, OFFSET_STORED)) for place in given])
        self._begun_at = self._moves

    def poll(self, *, limit: int, wait_s: float, fill_s: float) -> list[Message]:
        """As `poll_batch`; if `has_moved` is true after it, what it brought is to be forgotten.

        Raises:
            KafkaException: If the consumer is of no further use.
        """
        self._resume()
        early, self._early = self._early, []
        return early + poll_batch(self._consumer, limit=limit, wait_s=wait_s, fill_s=fill_s)

    def wait(self, timeout: float) -> bool:
        """Wait so many seconds at most, fetching nothing; tell whether to give up what is in hand: told to stop, or
        partitions moved meanwhile.

        Raises:
            KafkaException: If the consumer is of no further use.
        """
        self._pause()
        moves, end_s = self._moves, time.monotonic() + timeout
        while not self._stop.is_set() and moves == self._moves and (left_s := end_s - time.monotonic()) > 0:
            message = self._consumer.poll(min(left_s, _SLICE_S))
            if message is not None and is_record(message):
                self._early.append(message)
        return self._stop.is_set() or moves != self._moves

    def commit(self, positions: Positions) -> None:
        """Move the group's offsets, unless the partitions moved."""
        if positions and not self.has_moved:
            commit(self._consumer, positions)

    def behind(self, topic: str, *, is_asked: bool = False) -> int:
        """Records of `topic` in our partitions that we have not been given yet, as last heard from the broker.

        `is_asked`: the broker is asked, because while we wait nothing is heard from it.

        Raises:
            KafkaException: If it is asked and does not answer.
        """
        return records_behind(self._consumer, topic, is_asked=is_asked)

    def close(self) -> None:
        """Leave the connections; who comes back under the same instance finds its partitions."""
        self._consumer.close()

    def _give(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._given = tuple(Place(p.topic, p.partition) for p in partitions)
        self._moves += 1
        self._early.clear()
        consumer.assign([])  # nothing comes before it is known where to begin, which may take its time

    def _take_away(self, _consumer: Consumer, _partitions: list[TopicPartition]) -> None:
        self._resume()  # a pause would outlive the partition's way to others and back
        self._given = None
        self._moves += 1
        self._early.clear()

    def _pause(self) -> None:
        if not self._paused:
            self._paused = self._consumer.assignment()
            self._consumer.pause(self._paused)

    def _resume(self) -> None:
        if self._paused:
            self._consumer.resume(self._paused)
            self._paused = []
