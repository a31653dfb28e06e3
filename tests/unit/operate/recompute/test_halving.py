"""One case that brings the job down stands alone in the end, at the price of a few runs."""

from collections.abc import Callable, Collection
from math import ceil, log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wickstream.operate.recompute.halving import IN_VAIN, MOST_FAILED, MOST_S, Halving


class Run:
    """All that is asked for, by a job that ends at some of the cases."""

    def __init__(self, size: int, fails: Callable[[range], bool], *, run_s: float = 0.0) -> None:
        halving, now_s = Halving(size, now_s=0.0), 0.0
        self.asked: list[range] = []
        self.answered: list[int] = []
        while (part := halving.next(now_s=now_s)) is not None:
            self.asked.append(part)
            now_s += run_s
            if fails(part):
                halving.failed(part)
            else:
                halving.answered()
                self.answered += part
        self.at_fault = list(halving.at_fault())


def at(*poison: int) -> Callable[[range], bool]:
    return lambda part: any(case in part for case in poison)


def test_what_succeeds_is_asked_for_once() -> None:
    run = Run(2_000, at())
    assert (run.asked, run.at_fault) == ([range(2_000)], [])
    assert Run(0, at()).asked == []


@given(st.integers(1, 2_000), st.data())
def test_a_case_at_fault_stands_alone_and_the_others_are_answered(size: int, data: st.DataObject) -> None:
    poison = data.draw(st.integers(0, size - 1))

    run = Run(size, at(poison))

    assert run.at_fault == [range(poison, poison + 1)]
    assert sorted(run.answered) == [case for case in range(size) if case != poison]
    assert len(run.asked) <= 1 + 2 * ceil(log2(size)), "only along the path that fails"


@given(st.integers(1, 300), st.data())
def test_every_case_is_answered_once_or_told_to_be_at_fault_once(size: int, data: st.DataObject) -> None:
    poison: Collection[int] = data.draw(st.sets(st.integers(0, size - 1)))

    run = Run(size, at(*poison))

    told = [case for part in run.at_fault for case in part]
    assert sorted(run.answered + told) == list(range(size))
    assert set(poison) <= set(told)
    assert len(run.asked) <= 2 * MOST_FAILED + 1


def test_two_that_are_far_apart_are_both_found() -> None:
    run = Run(2_000, at(3, 1_700))
    assert run.at_fault == [range(3, 4), range(1_700, 1_701)]
    assert len(run.answered) == 1_998


def test_too_much_at_once_is_asked_for_in_pieces() -> None:
    run = Run(2_000, lambda part: len(part) > 300)
    assert (run.at_fault, len(run.answered)) == ([], 2_000)
    assert len(run.asked) < 20


@pytest.mark.parametrize("size", [5, 2_000, 20_000])
def test_where_everything_fails_it_is_found_out_soon(size: int) -> None:
    run = Run(size, lambda _: True)
    assert len(run.asked) == IN_VAIN
    assert run.at_fault == [range(size)]
    assert [len(part) for part in run.asked[-2:]] == [1, 1], "two cases alone, of both halves"


def test_of_a_job_that_hangs_no_second_run_is_begun() -> None:
    run = Run(2_000, lambda _: True, run_s=MOST_S)
    assert run.at_fault == [range(2_000)]
    assert len(run.asked) == 1
