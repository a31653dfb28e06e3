"""What a member does with what the broker's library does not promise; the rest is tested on a real one."""

import threading
from typing import Any, cast

from confluent_kafka import Consumer, Message, TopicPartition

from wickstream.bus.member import Member

RECORD = Message(topic="alerts", partition=0, offset=7, value=b"{}")


class Late:
    """A consumer that gives a record in spite of a pause."""

    def __init__(self) -> None:
        self._messages = [RECORD]

    def subscribe(self, _topics: list[str], **callbacks: Any) -> None:
        self.callbacks = callbacks

    def assign(self, _partitions: list[TopicPartition]) -> None: ...

    def assignment(self) -> list[TopicPartition]:
        return [TopicPartition("alerts", 0)]

    def pause(self, _partitions: list[TopicPartition]) -> None: ...

    def resume(self, _partitions: list[TopicPartition]) -> None: ...

    def poll(self, _wait_s: float) -> Message | None:
        return self._messages.pop() if self._messages else None


def waited() -> tuple[Late, Member]:
    consumer = Late()
    member = Member(cast("Consumer", consumer), ["alerts"], stop=threading.Event())
    member.wait(0.01)
    return consumer, member


def test_a_record_that_comes_while_one_waits_is_not_lost() -> None:
    _consumer, member = waited()

    assert member.poll(limit=10, wait_s=0, fill_s=0) == [RECORD]
    assert member.poll(limit=10, wait_s=0, fill_s=0) == []


def test_it_is_forgotten_with_its_partition() -> None:
    consumer, member = waited()
    consumer.callbacks["on_revoke"](consumer, [])

    assert member.poll(limit=10, wait_s=0, fill_s=0) == []
