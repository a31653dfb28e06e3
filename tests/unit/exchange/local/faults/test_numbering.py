from hypothesis import given
from hypothesis import strategies as st

from wickstream.exchange.local.faults.numbering import Numbering

LAST = 60
Step = tuple[str, int, int]
STEPS = st.lists(st.tuples(st.sampled_from(["pause", "resume", "skip"]), st.integers(0, 8), st.integers(1, 5)))


def _played(steps: list[Step]) -> tuple[Numbering, dict[int, int]]:
    """A numbering, and what it must say, found trade by trade."""
    numbering, given_ids = Numbering(), {}
    at, following, is_paused = 0, 0, False
    for what, after, count in steps:
        for planned in range(at, min(at + after, LAST)):
            if not is_paused:
                given_ids[planned] = following
                following += 1
        at = min(at + after, LAST)
        match what:
            case "pause":
                numbering.pause(at)
                is_paused = True
            case "resume":
                numbering.resume(at)
                is_paused = False
            case "skip":
                numbering.skip(at, count)
                following += count
    for planned in range(at, LAST):
        if not is_paused:
            given_ids[planned] = following
            following += 1
    return numbering, given_ids


@given(STEPS)
def test_ids_are_those_of_a_walk_trade_by_trade(steps: list[Step]) -> None:
    numbering, expected = _played(steps)
    assert {
        planned: given_id for planned in range(LAST) if (given_id := numbering.given(planned)) is not None
    } == expected


@given(STEPS, st.integers(0, LAST), st.integers(0, LAST))
def test_the_parts_that_happen_are_those_with_an_id(steps: list[Step], start: int, stop: int) -> None:
    numbering, expected = _played(steps)
    parts = [planned for first, last in numbering.happening(start, stop) for planned in range(first, last)]
    assert parts == [planned for planned in range(start, stop) if planned in expected]


@given(STEPS, st.integers(0, LAST))
def test_a_given_id_leads_back_to_the_first_trade_with_it_or_a_larger_one(steps: list[Step], wanted: int) -> None:
    numbering, expected = _played(steps)
    larger = [planned for planned, given_id in expected.items() if given_id >= wanted]
    if larger:
        assert numbering.planned(wanted) == larger[0]
    else:
        assert numbering.given(numbering.planned(wanted)) is None or numbering.planned(wanted) >= LAST


@given(STEPS, st.integers(0, LAST - 1))
def test_from_any_trade_the_next_and_the_last_that_happen_are_found(steps: list[Step], at: int) -> None:
    numbering, expected = _played(steps)
    if later := [planned for planned in expected if planned >= at]:
        assert numbering.next_start(at) == later[0]
        if at not in expected:
            assert numbering.given_next(at) <= expected[later[0]]
    if earlier := [planned for planned in expected if planned < at]:
        assert numbering.last_stop(at) == earlier[-1] + 1


def test_what_was_before_a_listing_never_happened() -> None:
    numbering = Numbering()
    numbering.begin(10)
    assert (numbering.given(9), numbering.given(10)) == (None, 10)
    assert list(numbering.happening(0, 20)) == [(10, 20)]
    assert numbering.planned(0) == 10
