from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.exchange.local.made_trades import trade
from wickstream.exchange.local.faults.distortion import Distorter, Distortion
from wickstream.exchange.local.faults.frame_faults import (
    BadJson,
    Delay,
    Drop,
    Duplicate,
    FrameFault,
    Shuffle,
    WrongTypes,
)

MIDNIGHT_MS = 1_723_161_600_000


class Way:
    """A distorter between a hand-turned clock and a list."""

    def __init__(self, *faults: FrameFault, seed: int = 1) -> None:
        self.now_s = 0.0
        self.arrived: list[bytes] = []
        self.distorter = Distorter(
            lambda _, data: self.arrived.append(data),
            is_heard=lambda stream: stream != "silent@trade",
            seconds=lambda: self.now_s,
        )
        self.distortions = [Distortion(fault, Random(f"{seed}/{at}")) for at, fault in enumerate(faults)]
        for distortion in self.distortions:
            self.distorter.add(distortion)

    def send(self, *frames: int, stream: str = "btcusdt@trade") -> None:
        for frame in frames:
            self.distorter.send(stream, b"%d" % frame)

    def wait(self, seconds: float) -> None:
        self.now_s += seconds
        self.distorter.release()


def test_so_many_frames_are_hit_and_no_more() -> None:
    way = Way(Drop(share=1.0, at_most=3))
    way.send(*range(5))
    assert way.arrived == [b"3", b"4"]


def test_what_one_fault_spoilt_no_other_one_spoils_again() -> None:
    way = Way(BadJson(share=0.5), WrongTypes(), seed=3)
    for trade_id in range(100):
        way.distorter.send("btcusdt@trade", trade(trade_id, MIDNIGHT_MS).data)
    assert len(way.arrived) == 100


@given(st.integers(), st.floats(0.05, 0.95))
def test_the_same_seed_hits_the_same_frames(seed: int, share: float) -> None:
    one, two = (Way(Drop(share=share), seed=seed) for _ in range(2))
    for way in (one, two):
        way.send(*range(200))
    assert one.arrived == two.arrived
    assert 0 < len(one.arrived) < 200


def test_other_streams_use_up_no_luck() -> None:
    one, two = (Way(Drop(share=0.5, streams=("btcusdt@*",))) for _ in range(2))
    for frame in range(50):
        one.send(frame)
        two.send(frame)
        two.send(1_000, stream="ethusdt@trade")
    assert one.arrived == [data for data in two.arrived if data != b"1000"]


def test_frames_that_nobody_hears_are_only_held_back() -> None:
    way = Way(Drop(at_most=1), Delay(by_s=1))
    way.send(1, stream="silent@trade")
    way.send(2)
    way.send(3)
    way.wait(1)
    assert way.arrived == [b"1", b"3"]


def test_late_frames_come_late_and_in_order() -> None:
    way = Way(Delay(by_s=10, streams=("btcusdt@*",)))
    way.send(1)
    way.wait(4)
    way.send(2)
    way.send(3, stream="ethusdt@trade")
    way.wait(5.9)
    assert way.arrived == [b"3"]
    way.wait(0.1)
    assert way.arrived == [b"3", b"1"]
    way.wait(4)
    assert way.arrived == [b"3", b"1", b"2"]


@given(st.integers())
def test_shuffled_frames_all_come_once_and_in_another_order(seed: int) -> None:
    way = Way(Shuffle(within_ms=100), seed=seed)
    way.send(*range(50))
    way.wait(0.1)
    assert way.arrived != [b"%d" % frame for frame in range(50)]
    assert sorted(map(int, way.arrived)) == list(range(50))


def test_when_a_fault_ends_what_it_held_comes_before_newer_frames() -> None:
    way = Way(Delay(by_s=900), Delay(by_s=10, streams=("ethusdt@*",)))
    way.distorter.remove(way.distortions[0])
    way.send(1)
    way.send(2, stream="ethusdt@trade")
    assert way.arrived == [b"1"]
    assert not way.distorter.is_idle
    way.distorter.remove(way.distortions[1])
    way.send(3, stream="ethusdt@trade")
    assert way.arrived == [b"1", b"2", b"3"]
    assert way.distorter.is_idle


def test_faults_meet_what_those_before_them_left() -> None:
    way = Way(Duplicate(copies=2), Drop(share=1.0, at_most=1))
    way.send(1)
    assert way.arrived == [b"1", b"1"]
