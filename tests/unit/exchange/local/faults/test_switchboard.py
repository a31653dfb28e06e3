import pytest
from hypothesis import given
from hypothesis import strategies as st

from wickstream.exchange.local.faults.answer_faults import AnswerFault, RestError
from wickstream.exchange.local.faults.faults import Timing
from wickstream.exchange.local.faults.frame_faults import Fault, Stall
from wickstream.exchange.local.faults.line_faults import Close
from wickstream.exchange.local.faults.switchboard import Now, Switchboard

START = Now(100.0, 1_000_000)


def _after(real_s: float, exchange_ms: int | None = None) -> Now:
    return Now(START.real_s + real_s, START.exchange_ms + (int(real_s * 1_000) if exchange_ms is None else exchange_ms))


def _turns(fault: Fault, timing: Timing, *, until_s: int) -> list[tuple[int, bool]]:
    """At which tenth of a second it turned, and to what."""
    board, turns = Switchboard(), []
    board.add(fault, timing, now=START)
    for tenth in range(until_s * 10):
        turns += [(tenth, switch.is_on) for switch in _told(board, _after(tenth / 10 + 0.001))]
    return turns


class _State:
    def __init__(self, *, is_on: bool) -> None:
        self.is_on = is_on


def _told(board: Switchboard, now: Now) -> list[_State]:
    return [_State(is_on=switch.is_on) for switch in board.advance(now)]


def test_without_a_time_it_is_on_from_now_until_it_is_removed() -> None:
    assert _turns(Stall(), Timing(), until_s=3) == [(0, True)]


def test_it_is_on_for_its_time() -> None:
    assert _turns(Stall(), Timing(after_s=1, for_s=0.5), until_s=3) == [(10, True), (15, False)]


def test_it_comes_back_so_often() -> None:
    timing = Timing(after_s=0.5, for_s=0.2, every_s=1, times=2)
    assert _turns(Stall(), timing, until_s=5) == [(5, True), (7, False), (15, True), (17, False)]


def test_a_momentary_one_is_over_as_it_begins() -> None:
    assert _turns(Close(), Timing(every_s=1, times=2), until_s=5) == [(0, True), (0, False), (10, True), (10, False)]


@pytest.mark.parametrize("timing", [Timing(played_s=60, for_s=60), Timing(at_ms=1_060_000, for_s=60)])
def test_the_exchange_has_a_clock_of_its_own(timing: Timing) -> None:
    board = Switchboard()
    switch = board.add(Stall(), timing, now=START)
    assert not list(board.advance(_after(500, exchange_ms=59_999)))
    assert list(board.advance(_after(500, exchange_ms=60_000))) == [switch]
    assert switch.left_s(_after(501, exchange_ms=90_000)) == pytest.approx(30)
    assert list(board.advance(_after(501, exchange_ms=120_000))) == [switch]
    assert switch.is_over


def test_what_was_slept_through_is_made_up_for() -> None:
    board = Switchboard()
    board.add(Close(), Timing(every_s=1, times=5), now=START)
    assert len(list(board.advance(_after(100)))) == 10


def test_those_that_are_on_are_found_by_their_kind() -> None:
    board = Switchboard()
    board.add(Stall(), Timing(), now=START)
    switch = board.add(RestError(), Timing(), now=START)
    board.add(RestError(status=500), Timing(after_s=5), now=START)
    list(board.advance(START))
    assert list(board.on(AnswerFault)) == [(switch.fault, switch)]
    assert board.remove(switch.number) is switch
    assert board.remove(switch.number) is None
    assert not list(board.on(AnswerFault))


@given(st.integers())
def test_random_numbers_follow_from_the_seed_and_the_number(seed: int) -> None:
    one, two = (
        [board.add(Stall(), Timing(), now=START).random.random() for _ in range(3)]
        for board in (Switchboard(seed=seed), Switchboard(seed=seed))
    )
    assert one == two
    assert len(set(one)) == 3
