"""A seat that one process at a time has, on whatever host: the only partition of a topic, in a group of its own.

Kafka decides. Who dies is out when its session ends, who comes second is given nothing, and who leaves makes room.
Nothing is ever read from the partition; beside its offset the group keeps who has the seat.
"""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from typing import Self

import structlog
from confluent_kafka import Consumer, KafkaException, TopicPartition

from wickstream.bus.consumer import GROUP_PREFIX, is_record, require_topics
from wickstream.bus.topics import SYMBOL_EVENTS
from wickstream.errors import Held, StoreBusy
from wickstream.stopping import Stop

log = structlog.get_logger(__name__)

_PLACE = TopicPartition(SYMBOL_EVENTS, 0)  # there is one partition of it
_SESSION_MS = 6_000  # the least that brokers allow as they come
_BELIEVED_SECONDS = _SESSION_MS / 1_000 + 2  # so long Kafka may take one for a holder that is dead
_SLICE_S = 0.1
_AGAIN_S = 0.5
_ASK_SECONDS = 5.0
_LEAVE_SECONDS = 3.0
_NAMED_SECONDS = 5.0  # who has just come says so a moment later


class Seat:
    """One process' claim to a seat, kept up by a thread of its own. A context manager: leaving it gives the seat back.

    Attributes:
        is_mine: None: Kafka has not said yet, or does not answer.
        holder: who has it, where that is not us; empty: nobody has said.
    """

    def __init__(self, bootstrap_servers: str, name: str) -> None:
        self.name = name
        self.is_mine: bool | None = None
        self.holder = ""
        self._kafka = bootstrap_servers
        self._leaving = threading.Event()
        self._is_named = False
        self._thread = threading.Thread(target=self._keep, name=f"seat {name}", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def leave(self) -> None:
        """Somebody else may have it."""
        self._leaving.set()
        self._thread.join(_LEAVE_SECONDS)

    def _keep(self) -> None:
        while not self._leaving.is_set():
            try:
                # Before its topic is there, Kafka would give everybody nothing.
                require_topics(self._kafka, [_PLACE.topic])
                with closing(self._consumer()) as consumer:
                    self._stay(consumer)
            except (KafkaException, StoreBusy) as exc:
                log.debug("a seat waits for Kafka", seat=self.name, reason=str(exc))
                self.is_mine = None
                self._leaving.wait(_AGAIN_S)

    def _consumer(self) -> Consumer:
        consumer = Consumer(
            {
                "bootstrap.servers": self._kafka,
                "group.id": f"{GROUP_PREFIX}seat.{self.name}",
                "client.id": f"wickstream-{os.getpid()}",
                "partition.assignment.strategy": "cooperative-sticky",  # who comes second takes nothing away
                "session.timeout.ms": _SESSION_MS,
                "heartbeat.interval.ms": 1_000,
                "enable.auto.commit": False,
                "allow.auto.create.topics": False,
                "log_level": 0,
            }
        )
        consumer.subscribe([_PLACE.topic], on_assign=self._give, on_revoke=self._take_away)
        return consumer

    def _stay(self, consumer: Consumer) -> None:
        while not self._leaving.is_set():
            message = consumer.poll(_SLICE_S)
            if message is not None:
                is_record(message)  # raises if the consumer is of no further use
            if self.is_mine and not self._is_named:
                self._name(consumer)
            elif self.is_mine is False and not self.holder:
                self.holder = _named(consumer)

    def _name(self, consumer: Consumer) -> None:
        place = TopicPartition(_PLACE.topic, _PLACE.partition, 0, metadata=_me())
        with suppress(KafkaException):  # the group is being put in order: again in a moment
            consumer.commit(offsets=[place], asynchronous=False)
            self._is_named = True

    def _give(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        consumer.incremental_assign(partitions)
        consumer.pause(partitions)
        if partitions or self.is_mine is None:  # what is given anew, not all that is ours
            self.is_mine, self.holder = bool(partitions), ""

    def _take_away(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        consumer.incremental_unassign(partitions)
        self.is_mine, self._is_named = None, False


def await_seats(seats: Iterable[Seat], stop: Stop) -> bool:
    """Wait until all are ours; False if told to stop before."""
    waited_for = list(seats)
    is_told = False
    while not all(seat.is_mine for seat in waited_for):
        others = [seat for seat in waited_for if seat.is_mine is False]
        if others and not is_told and all(seat.holder for seat in others):
            log.info("waiting for another to end", holders=[f"{seat.name}: {seat.holder}" for seat in others])
            is_told = True
        if stop.wait(_SLICE_S):
            return False
    return True


def free_seats(seats: Iterable[Seat], *, patience_s: float = 30.0) -> list[Seat]:
    """Those that are ours now.

    Raises:
        Held: If others have them all.
        StoreBusy: If Kafka does not say in time.
    """
    asked = list(seats)
    _await(lambda: all(seat.is_mine for seat in asked), _BELIEVED_SECONDS)
    if not _await(lambda: all(seat.is_mine is not None for seat in asked), patience_s):
        raise StoreBusy(f"Kafka has not said within {patience_s:.0f} s who has {', '.join(s.name for s in asked)}")
    if not any(seat.is_mine for seat in asked):
        _await(lambda: all(seat.holder for seat in asked), _NAMED_SECONDS)
        raise Held({seat.name: seat.holder or "somebody" for seat in asked})
    return [seat for seat in asked if seat.is_mine]


def _await(condition: Callable[[], bool], patience_s: float) -> bool:
    until = time.monotonic() + patience_s
    while not (is_so := condition()) and time.monotonic() < until:
        time.sleep(_SLICE_S)
    return is_so


def _me() -> str:
    return f"{socket.gethostname()}, pid {os.getpid()}"


def _named(consumer: Consumer) -> str:
    with suppress(KafkaException):
        (found,) = consumer.committed([_PLACE], timeout=_ASK_SECONDS)
        return found.metadata or ""
    return ""
