"""Members of one group on a real broker: who waits answers the group, and nothing is lost on the way."""

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from itertools import chain

import pytest

from tests.running import wait_until
from wickstream.bus.consumer import Isolation, Place, open_consumer, positions_after
from wickstream.bus.groups import committed_offsets
from wickstream.bus.member import Member
from wickstream.bus.producer import IdempotentProducer, Record
from wickstream.bus.topics import Topic, create_topics

pytestmark = pytest.mark.stack

COUNT = 300
JOINED_S = 20.0  # a member hears of another by its heartbeats, every 3 s

Join = Callable[[str], Member]


@pytest.fixture
def topic(kafka: str) -> str:
    """Three partitions with so many records in all."""
    name = f"member-{uuid.uuid4().hex[:8]}"
    create_topics(kafka, [Topic(name, partitions=3, retention_days=1)])
    producer = IdempotentProducer(kafka)
    for number in range(COUNT):
        producer.publish(Record(name, f"S{number % 20}USDT", b"%d" % number))
    producer.flush()
    return name


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


@pytest.fixture
def join(kafka: str, topic: str, stop: threading.Event) -> Iterator[Join]:
    """Another member, by its name, of the group that is named as the topic."""
    with ExitStack() as stack:

        def join(name: str) -> Member:
            consumer = open_consumer(kafka, group=topic, instance=name, isolation=Isolation.COMMITTED)
            return stack.enter_context(closing(Member(consumer, [topic], stop=stop)))

        yield join


def read(member: Member, *, limit: int = 50) -> list[int]:
    """What one turn of a loop brings."""
    messages = member.poll(limit=limit, wait_s=0.05, fill_s=0.005)
    if member.has_moved:
        if member.given is not None:
            member.begin({})
        return []
    return [int(message.value() or b"") for message in messages]


def read_until(is_enough: Callable[[list[int]], bool], *members: Member) -> list[list[int]]:
    """What each of them was given until all of it together is enough."""
    found: list[list[int]] = [[] for _ in members]

    def is_there() -> bool:
        for member, given in zip(members, found, strict=True):
            given.extend(read(member))
        return is_enough(list(chain(*found)))

    wait_until(is_there, deadline_s=JOINED_S, what="enough records")
    return found


def test_who_waits_is_given_nothing_and_then_goes_on_where_it_was(join: Join) -> None:
    member = join("one")
    (first,) = read_until(lambda found: len(found) >= 50, member)

    assert [member.wait(0.3), member.wait(0.3)] == [False, False]
    (rest,) = read_until(lambda found: len(first) + len(found) >= COUNT, member)

    assert sorted(first + rest) == list(range(COUNT))


def test_told_to_stop_it_waits_no_longer(join: Join, stop: threading.Event) -> None:
    member = join("one")
    threading.Timer(0.2, stop.set).start()

    assert member.wait(60.0)


def test_another_gets_its_share_while_the_first_waits_and_what_was_in_hand_comes_again(
    kafka: str, topic: str, join: Join
) -> None:
    one = join("one")
    read_until(lambda found: len(found) >= 50, one)
    in_hand = one.poll(limit=50, wait_s=1.0, fill_s=0.1)
    assert in_hand
    two = join("two")
    places = [Place(topic, number) for number in range(3)]

    wait_until(lambda: one.wait(0.1), deadline_s=JOINED_S, what="the first told of the second")
    one.commit(positions_after(in_hand))

    assert one.has_moved
    assert committed_offsets(kafka, topic, places) == {}
    of_one, of_two = read_until(lambda found: len(set(found)) == COUNT, one, two)
    assert of_one
    assert of_two
    assert not set(of_one) & set(of_two)


def test_who_does_not_know_yet_where_to_begin_answers_too(join: Join) -> None:
    one = join("one")
    wait_until(lambda: one.wait(0.05) and one.given is not None, deadline_s=JOINED_S, what="the first given all")
    two = join("two")

    def of_two() -> bool:
        one.wait(0.01)
        return bool(read(two))

    wait_until(of_two, deadline_s=JOINED_S, what="the second at work")
    assert one.has_moved
    assert 0 < len(one.given or ()) < 3
    (of_one,) = read_until(lambda found: len(found) > 0, one)
    assert of_one
