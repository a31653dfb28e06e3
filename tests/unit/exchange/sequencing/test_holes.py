from hypothesis import given
from hypothesis import strategies as st

from wickstream.events import Gap, GapStatus
from wickstream.exchange.sequencing.holes import Hole, open_entry, without

RANGES = st.tuples(st.integers(0, 60), st.integers(0, 12)).map(lambda drawn: (drawn[0], drawn[0] + drawn[1]))


def hole(first: int, last: int) -> Hole:
    return Hole("BTCUSDT", first, last, 1.0, 2.0)


def entry(first: int | None, last: int | None) -> Gap:
    return Gap("BTCUSDT", first, last, None, 0, GapStatus.OPEN)


def test_both_ends_count() -> None:
    assert hole(7, 9).size == 3


def test_its_entry_is_open_and_says_why() -> None:
    gap = open_entry(hole(7, 9), 5, "because")

    assert gap == Gap("BTCUSDT", 7, 9, None, 5, GapStatus.OPEN, evidence="because")


def test_what_is_left_is_as_old_as_the_hole() -> None:
    assert list(without(hole(1, 9), [entry(4, 5), entry(None, None)])) == [hole(1, 3), hole(6, 9)]


@given(RANGES, st.lists(RANGES, max_size=6))
def test_what_no_entry_lists_is_left_each_id_once(whole: tuple[int, int], listed: list[tuple[int, int]]) -> None:
    left = [
        one
        for part in without(hole(*whole), [entry(*one) for one in sorted(listed)])
        for one in range(part.first, part.last + 1)
    ]

    known = {one for first, last in listed for one in range(first, last + 1)}
    assert left == [one for one in range(whole[0], whole[1] + 1) if one not in known]
