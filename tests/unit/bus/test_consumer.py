"""What a poll brings: records, passing troubles, and the end of a consumer."""

from typing import cast

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Message

from wickstream.bus.consumer import poll_batch


class Told:
    """A consumer that gives what it was told to."""

    def __init__(self, *messages: Message) -> None:
        self._messages = list(messages)

    def poll(self, _wait_s: float) -> Message | None:
        return self._messages.pop(0) if self._messages else None

    def consume(self, _limit: int, _fill_s: float) -> list[Message]:
        rest, self._messages = self._messages, []
        return rest


def polled(*messages: Message) -> list[Message]:
    return poll_batch(cast("Consumer", Told(*messages)), limit=10, wait_s=0, fill_s=0)


RECORD = Message(topic="raw_trades", partition=0, offset=7, value=b"{}")


def trouble(code: int, *, fatal: bool = False) -> Message:
    return Message(topic="raw_trades", error=KafkaError(code, "as the broker said", fatal))


def test_troubles_that_pass_are_left_out() -> None:
    assert polled() == []
    assert polled(trouble(KafkaError._ALL_BROKERS_DOWN), RECORD, trouble(KafkaError._PARTITION_EOF)) == [RECORD]


@pytest.mark.parametrize(
    "end", [trouble(KafkaError._FATAL), trouble(KafkaError.FENCED_INSTANCE_ID, fatal=True)], ids=["told", "flagged"]
)
def test_a_consumer_at_its_end_says_so_instead_of_staying_silent_for_ever(end: Message) -> None:
    with pytest.raises(KafkaException):
        polled(end)
    with pytest.raises(KafkaException):
        polled(RECORD, end)
