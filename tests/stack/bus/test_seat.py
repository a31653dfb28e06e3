"""One process at a time on a seat, as Kafka decides."""

import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator

import pytest

from tests.running import wait_until
from wickstream.bus.seat import Seat, await_seats, free_seats
from wickstream.bus.topics import create_topics
from wickstream.errors import Held

pytestmark = pytest.mark.stack

# Sits until it is killed.
SIT = """
import sys, threading
from wickstream.bus.seat import Seat
with Seat(sys.argv[1], sys.argv[2]) as seat:
    while not seat.is_mine:
        threading.Event().wait(0.05)
    print("sits", flush=True)
    threading.Event().wait()
"""


@pytest.fixture
def sit(kafka: str) -> Iterator[Callable[[], Seat]]:
    """Claims the same seat each time, one of this test's own."""
    create_topics(kafka)
    name, seats = f"test-{uuid.uuid4()}", list[Seat]()

    def claim() -> Seat:
        seats.append(Seat(kafka, name))
        return seats[-1]

    yield claim
    for seat in seats:
        seat.leave()


def test_who_comes_second_is_given_nothing_and_told_who_has_it(sit: Callable[[], Seat]) -> None:
    first = sit()
    assert free_seats([first]) == [first]

    second = sit()
    wait_until(lambda: second.holder != "")
    with pytest.raises(Held, match=f"pid {os.getpid()}"):
        free_seats([second])
    assert first.is_mine


def test_who_leaves_makes_room_for_who_waits(sit: Callable[[], Seat]) -> None:
    first = sit()
    assert await_seats([first], threading.Event())
    second = sit()
    wait_until(lambda: second.is_mine is False)
    first.leave()

    assert await_seats([second], threading.Event())


def test_who_is_told_to_stop_does_not_wait_for_a_seat(sit: Callable[[], Seat]) -> None:
    first = sit()
    assert await_seats([first], threading.Event())
    stop = threading.Event()
    stop.set()

    assert not await_seats([sit()], stop)


def test_of_several_that_come_at_once_one_has_it(sit: Callable[[], Seat]) -> None:
    seats = [sit() for _ in range(4)]
    wait_until(lambda: None not in [seat.is_mine for seat in seats])

    assert [seat.is_mine for seat in seats].count(True) == 1


@pytest.fixture
def holder(kafka: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Another process on a seat, and the seat's name."""
    create_topics(kafka)
    name = f"test-{uuid.uuid4()}"
    argv = [sys.executable, "-c", SIT, kafka, name]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "sits\n"
        yield process, name
        process.kill()


def test_who_was_killed_is_out_after_its_session(kafka: str, holder: tuple["subprocess.Popen[str]", str]) -> None:
    process, name = holder
    with Seat(kafka, name) as heir:
        wait_until(lambda: heir.is_mine is False and f"pid {process.pid}" in heir.holder)
        process.kill()

        wait_until(lambda: bool(heir.is_mine))


def test_who_was_killed_just_now_is_not_taken_for_a_holder(
    kafka: str, holder: tuple["subprocess.Popen[str]", str]
) -> None:
    process, name = holder
    with Seat(kafka, name) as heir:
        wait_until(lambda: heir.is_mine is False)
        process.kill()

        assert free_seats([heir]) == [heir]
