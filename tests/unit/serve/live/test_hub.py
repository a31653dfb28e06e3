"""The hub on a clock of the test's own."""

from collections.abc import Callable, Sequence

import pytest

from wickstream.serve.live.hub import Hub
from wickstream.serve.live.messages import Message, combined, raw, server_sent


class Ear:
    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.heard: list[bytes] = []

    def deliver(self, wire: bytes, messages: Sequence[Message]) -> None:
        self.writes.append(wire)
        self.heard += [message.data for message in messages]


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0
        self.due: list[tuple[float, Callable[[], None]]] = []

    def later(self, delay_s: float, call: Callable[[], None]) -> None:
        self.due.append((self.now_s + delay_s, call))

    def run(self) -> None:
        due, self.due = self.due, []
        for at_s, call in due:
            self.now_s = max(self.now_s, at_s)
            call()


class Who:
    def __init__(self) -> None:
        self.words: list[str] = []

    def came(self, stream: str) -> None:
        self.words.append(f"+{stream}")

    def went(self, stream: str) -> None:
        self.words.append(f"-{stream}")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hub(clock: Clock) -> Hub:
    return Hub(clock=lambda: clock.now_s, later=clock.later)


def event(stream: str, data: bytes) -> Message:
    return Message(stream, data)


def state(stream: str, data: bytes) -> Message:
    return Message(stream, data, conflates=True, is_state=True)


def test_a_tick_is_one_write_and_who_listens_to_the_same_gets_the_very_same_bytes(hub: Hub, clock: Clock) -> None:
    one, other = Ear(), Ear()
    for ear in (one, other):
        hub.subscribe(ear, ["a", "b"], raw)
    for data in (b"1", b"2"):
        hub.publish(event("a", data))
    hub.publish(event("b", b"3"))
    assert one.writes == []
    clock.run()
    assert one.writes == [b"\x81\x011\x81\x012\x81\x013"]
    assert other.writes[0] is one.writes[0]


def test_of_a_stream_that_conflates_a_tick_brings_the_newest(hub: Hub, clock: Clock) -> None:
    ear = Ear()
    hub.subscribe(ear, ["a", "b"], raw)
    for message in (state("a", b"1"), event("b", b"2"), state("a", b"3")):
        hub.publish(message)
    clock.run()
    assert ear.heard == [b"2", b"3"]


def test_each_kind_of_wire_has_its_own_bytes(hub: Hub, clock: Clock) -> None:
    ears = {shape: Ear() for shape in (raw, combined, server_sent)}
    for shape, ear in ears.items():
        hub.subscribe(ear, ["a"], shape)
    hub.publish(event("a", b"{}"))
    clock.run()
    assert [ear.writes for ear in ears.values()] == [
        [b"\x81\x02{}"],
        [b'\x81\x18{"stream":"a","data":{}}'],
        [b'data: {"stream":"a","data":{}}\n\n'],
    ]


def test_ticks_leave_time_for_everything_else(hub: Hub, clock: Clock) -> None:
    class Laborious(Ear):
        def deliver(self, wire: bytes, messages: Sequence[Message]) -> None:
            clock.now_s += 0.010
            super().deliver(wire, messages)

    hub.subscribe(Laborious(), ["a"], raw)
    hub.publish(event("a", b"1"))
    clock.run()
    hub.publish(event("a", b"2"))
    assert clock.due[0][0] == pytest.approx(clock.now_s + 0.020)


def test_who_comes_begins_with_the_newest_state(hub: Hub, clock: Clock) -> None:
    hub.publish(state("a", b"1"))
    hub.publish(state("a", b"2"))
    hub.publish(event("b", b"3"))
    clock.run()
    ear = Ear()
    hub.subscribe(ear, ["a", "b"], raw)
    assert ear.heard == [b"2"]
    hub.subscribe(ear, ["a", "b", "c"], raw)
    assert ear.heard == [b"2"]


def test_nothing_is_lost_or_doubled_while_streams_are_changed(hub: Hub, clock: Clock) -> None:
    one, other = Ear(), Ear()
    hub.subscribe(one, ["a"], raw)
    hub.subscribe(other, ["a", "b"], raw)
    hub.publish(event("a", b"1"))
    hub.subscribe(one, ["a", "b"], raw)
    hub.publish(event("a", b"2"))
    clock.run()
    assert one.heard == other.heard == [b"1", b"2"]
    hub.unsubscribe(one)
    hub.publish(event("a", b"3"))
    clock.run()
    assert (one.heard[-1], other.heard[-1]) == (b"2", b"3")
    assert len(hub) == 1


def test_the_audience_hears_of_the_first_who_comes_and_of_the_last_who_goes(hub: Hub) -> None:
    hub.audience = who = Who()
    one, other = Ear(), Ear()
    hub.subscribe(one, ["a"], raw)
    hub.subscribe(other, ["a"], combined)
    hub.subscribe(one, ["a", "b"], raw)
    hub.unsubscribe(other)
    hub.subscribe(one, ["b"], raw)
    hub.unsubscribe(one)
    assert who.words == ["+a", "+b", "-a", "-b"]
