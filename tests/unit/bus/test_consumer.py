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

    def consume(self, limit: int, _fill_s: float) -> list[Message]:
        piece, self._messages = self._messages[:limit], self._messages[limit:]
        return piece


def polled(*messages: Message, limit: int = 10) -> list[Message]:
    return poll_batch(cast("Consumer", Told(*messages)), limit=limit, wait_s=0, fill_s=0, limit_bytes=1_000)


RECORD = Message(topic="raw_trades", partition=0, offset=7, value=b"{}")


def trouble(code: int, *, fatal: bool = False) -> Message:
    return Message(topic="raw_trades", error=KafkaError(code, "as the broker said", fatal))


def test_troubles_that_pass_are_left_out() -> None:
    assert polled() == []
    assert polled(trouble(KafkaError._ALL_BROKERS_DOWN), RECORD, trouble(KafkaError._PARTITION_EOF)) == [RECORD]


@pytest.mark.parametrize(
    ("size", "limit", "expected"), [(1, 250, 250), (1, 2_000, 500), (0, 300, 300), (3, 500, 401), (2_000, 500, 1)]
)
def test_a_batch_ends_at_its_limit_or_with_the_piece_that_fills_it(size: int, limit: int, expected: int) -> None:
    records = [Message(topic="raw_trades", partition=0, offset=n, value=b"x" * size) for n in range(500)]

    assert polled(*records, limit=limit) == records[:expected]


@pytest.mark.parametrize(
    "end", [trouble(KafkaError._FATAL), trouble(KafkaError.FENCED_INSTANCE_ID, fatal=True)], ids=["told", "flagged"]
)
def test_a_consumer_at_its_end_says_so_instead_of_staying_silent_for_ever(end: Message) -> None:
    with pytest.raises(KafkaException):
        polled(end)
    with pytest.raises(KafkaException):
        polled(RECORD, end)
