"""Letters of any size, on a real broker."""

import os
import uuid

import pytest
from confluent_kafka import Message

from tests.topic_limits import set_largest
from wickstream.bus.history import History
from wickstream.bus.topics import DEAD_LETTERS, create_topics
from wickstream.store.dead_letters import LARGEST_BYTES, SHORT_BYTES, DeadLetters
from wickstream.store.intake import Rejected

pytestmark = pytest.mark.stack


def rejected(value: bytes, *, key: bytes, reason: str = "bad") -> Rejected:
    return Rejected(Message(topic="processed_aggs", partition=1, offset=7, key=key, value=value), reason)


def letters(kafka: str, key: bytes) -> list[tuple[bytes | None, dict[str, object]]]:
    with History(kafka) as history:
        starts = {partition: first for partition, (first, _end) in history.bounds(DEAD_LETTERS).items()}
        found = [letter for letter in history.read(DEAD_LETTERS, starts) if letter.key() == key]
    return [(letter.value(), dict(letter.headers() or [])) for letter in found]


@pytest.fixture
def key() -> bytes:
    return uuid.uuid4().hex.encode()


def test_a_letter_that_is_too_large_is_cut_and_the_rest_is_whole(kafka: str, key: bytes) -> None:
    create_topics(kafka)
    large = os.urandom(999_000)
    DeadLetters(kafka).set_aside([rejected(b"small", key=key), rejected(large, key=key, reason="x" * 50_000)])

    (small, facts), (cut, facts_of_cut) = letters(kafka, key)
    assert (small, cut) == (b"small", large[:LARGEST_BYTES])
    assert facts == {"reason": b"bad", "topic": b"processed_aggs", "partition": b"1", "offset": b"7"}
    assert (facts_of_cut["original_size"], facts_of_cut["truncated"]) == (b"999000", b"true")
    assert facts_of_cut["reason"] == b"x" * 1_000


def test_where_the_topic_takes_less_only_what_it_does_not_take_is_cut_more(kafka: str, key: bytes) -> None:
    create_topics(kafka)
    set_largest(kafka, DEAD_LETTERS, 200_000)
    try:
        middle, large = os.urandom(100_000), os.urandom(500_000)
        DeadLetters(kafka).set_aside([rejected(large, key=key), rejected(middle, key=key)])
    finally:
        set_largest(kafka, DEAD_LETTERS, 1_048_588)

    values = [value for value, _facts in letters(kafka, key)]
    assert large[:SHORT_BYTES] in values
    assert set(values) == {large[:SHORT_BYTES], middle}
