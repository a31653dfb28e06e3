import asyncio
from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.unit.exchange.made_exchange import on_virtual_time, trade_frame
from wickstream.exchange.sessions import spool as spooling
from wickstream.exchange.sessions.spool import TOGETHER_S, TROUBLE_S, Read, Spool

LIMIT_BYTES = 2_000


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


def frames_in(reads: list[Read]) -> list[bytes]:
    return [frame for read in reads for frame in read.frames]


@pytest.fixture
def small_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a few frames are a backlog."""
    monkeypatch.setattr(spooling, "PACK_FRAMES", 4)
    monkeypatch.setattr(spooling, "PLAIN_BYTES", 1_500)


class SpoolLife(RuleBasedStateMachine):
    """Whatever is done to it, it is a list of frames with their times, and a place in it."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.spool = Spool(process_s=self.clock, limit_bytes=LIMIT_BYTES)
        self.spool.on_full, self.spool.on_room = self.become_full, self.have_room
        self.waiting: list[tuple[float, bytes]] = []
        self.taken: list[tuple[float, bytes]] = []
        self.known_times: dict[bytes, float] = {}
        self.added = 0
        self.is_full = False

    def become_full(self) -> None:
        self.is_full = True

    def have_room(self) -> None:
        assert self.is_full
        self.is_full = False

    @rule(count=st.integers(1, 9), size=st.sampled_from((0, 1, 60, 400)), pause_s=st.sampled_from((0.0, 0.004, 0.005)))
    def add(self, count: int, size: int, pause_s: float) -> None:
        before = self.spool.used_bytes
        for _ in range(count):
            self.clock.now_s += pause_s
            self.added += 1
            frame = b"%d:" % self.added + b"x" * size
            self.spool.add(frame)
            self.waiting.append((self.clock.now_s, frame))
        assert self.is_full or self.spool.used_bytes <= max(before, LIMIT_BYTES)

    @rule(most=st.sampled_from((1, 2, 7, 1_000)))
    def take(self, most: int) -> None:
        reads = self.spool.take(most)
        frames = frames_in(reads)
        expected, self.waiting = self.waiting[: len(frames)], self.waiting[len(frames) :]
        assert frames == [frame for _, frame in expected]
        assert not self.waiting or len(frames) >= most
        assert len(frames_in(reads[:-1])) < most
        self.taken += expected
        self.check_times(reads, expected)

    def check_times(self, reads: list[Read], expected: list[tuple[float, bytes]]) -> None:
        came = iter(expected)
        for read in reads:
            for frame in read.frames:
                added_s, _ = next(came)
                assert read.at_s <= added_s < read.at_s + TOGETHER_S
                assert self.known_times.setdefault(frame, read.at_s) == read.at_s

    @rule()
    def acknowledge(self) -> None:
        self.spool.acknowledge()
        self.taken.clear()
        assert not self.is_full or self.spool.used_bytes >= LIMIT_BYTES // 2

    @rule()
    def rewind(self) -> None:
        """The producer broke, which takes a while: what came meanwhile is packed."""
        self.clock.now_s += 2 * TROUBLE_S
        self.spool.rewind()
        self.waiting[:0] = self.taken
        self.taken.clear()

    @invariant()
    def all_before_a_moment_was_taken_and_nothing_after_it(self) -> None:
        until_s = self.spool.taken_until_s
        assert all(added_s >= until_s for added_s, _ in self.waiting)
        assert until_s > self.clock.now_s - TOGETHER_S if not self.waiting else until_s <= self.waiting[0][0]

    @invariant()
    def it_takes_no_more_than_the_frames_as_they_are(self) -> None:
        plain = sum(len(frame) + spooling.FRAME_OVERHEAD_BYTES for _, frame in self.waiting + self.taken)
        assert 0 <= self.spool.used_bytes <= plain

    def teardown(self) -> None:
        self.rewind()
        self.take(1_000_000)
        self.acknowledge()
        assert self.spool.used_bytes == 0
        assert not self.is_full


TestSpoolLife = pytest.mark.usefixtures("small_packs")(SpoolLife.TestCase)
TestSpoolLife.settings = settings(max_examples=100, stateful_step_count=30)


def a_spool(**bound: int) -> tuple[Spool, Clock]:
    clock = Clock()
    return Spool(process_s=clock, **bound), clock


def test_frames_that_come_together_are_one_read_and_later_ones_another() -> None:
    spool, clock = a_spool()
    for frame in (b"1", b"2"):
        spool.add(frame)
    clock.now_s += TOGETHER_S
    spool.add(b"3")

    assert spool.take(10) == [Read(1_000.0, [b"1", b"2"]), Read(clock.now_s, [b"3"])]
    assert spool.take(10) == []


def test_a_frame_is_not_joined_to_a_read_that_was_taken() -> None:
    spool, _ = a_spool()
    spool.add(b"1")
    taken = spool.take(10)
    spool.add(b"2")

    assert frames_in(taken) == [b"1"]
    assert frames_in(spool.take(10)) == [b"2"]


FRAMES = [trade_frame(number, number * 7) for number in range(60_000)]
PLAIN = sum(len(frame) + spooling.FRAME_OVERHEAD_BYTES for frame in FRAMES)


def fill(spool: Spool, clock: Clock, frames: list[bytes]) -> None:
    """A hundred in each read, 20 reads a second."""
    for number, frame in enumerate(frames):
        clock.now_s += (number % 100 == 0) * 0.05
        spool.add(frame)


def test_while_kafka_does_not_answer_a_backlog_takes_a_fifth_of_its_room_and_comes_out_as_it_was() -> None:
    spool, clock = a_spool()
    spool.add(b"first")
    spool.take(1)
    fill(spool, clock, FRAMES)

    newest = PLAIN * 2 * spooling.PACK_FRAMES // len(FRAMES)
    assert spool.used_bytes - newest < (PLAIN - newest) / 5
    spool.rewind()
    assert frames_in(spool.take(len(FRAMES) + 1)) == [b"first", *FRAMES]


def test_while_kafka_takes_what_there_is_nothing_is_packed() -> None:
    spool, clock = a_spool()
    for first in range(0, len(FRAMES), 20_000):
        fill(spool, clock, FRAMES[first : first + 20_000])
        assert spool.used_bytes > PLAIN / 4
        spool.take(20_000)
        spool.acknowledge()

    assert spool.used_bytes == 0


def test_each_read_past_the_bound_is_told_and_room_only_once() -> None:
    spool, clock = a_spool(limit_bytes=400)
    told: list[str] = []
    spool.on_full, spool.on_room = (lambda: told.append("full")), (lambda: told.append("room"))

    for _ in range(6):
        clock.now_s += 1
        spool.add(b"x" * 100)
    assert told == ["full", "full", "full"]  # of five closed reads two fit; the sixth is under way

    spool.take(3)
    spool.acknowledge()
    assert told[-1] == "full"  # more than half of it is in use yet: taking it would fill it at once
    spool.take(2)
    spool.acknowledge()
    spool.acknowledge()
    assert told.count("room") == 1


def waiting_ends(act: Callable[[Spool], None]) -> bool:
    """Whether who waits for frames goes on when this is done to an empty spool."""
    ended: list[bool] = []

    async def scene() -> None:
        spool, _ = a_spool()
        spool.add(b"1")
        spool.take(1)
        await spool.filled()  # of what was there before
        waiting = asyncio.ensure_future(spool.filled())
        await asyncio.sleep(1)
        assert not waiting.done()
        act(spool)
        await asyncio.sleep(1)
        ended.append(waiting.done())
        waiting.cancel()

    on_virtual_time(scene)
    return ended == [True]


def test_who_waits_goes_on_when_a_frame_comes_and_when_woken_and_not_before() -> None:
    assert waiting_ends(lambda spool: spool.add(b"2"))
    assert waiting_ends(Spool.wake)
    assert not waiting_ends(Spool.acknowledge)


def test_nobody_waits_while_something_can_be_taken() -> None:
    spool, clock = a_spool()

    async def scene() -> None:
        spool.add(b"1")
        await spool.filled()
        clock.now_s += 1
        spool.add(b"2")
        spool.take(1)
        await spool.filled()
        spool.take(1)
        spool.rewind()
        await spool.filled()

    on_virtual_time(scene)
