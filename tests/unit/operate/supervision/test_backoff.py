from hypothesis import given
from hypothesis import strategies as st

from wickstream.operate.supervision.backoff import FIRST_PAUSE_S, LONGEST_PAUSE_S, full_jitter, pause_s


def ceiling(seconds: float) -> float:
    return seconds


def test_the_ceiling_doubles_with_every_death_up_to_the_longest() -> None:
    assert [pause_s(deaths, ceiling) for deaths in (1, 2, 3)] == [FIRST_PAUSE_S, 1.0, 2.0]
    assert pause_s(5_000, ceiling) == LONGEST_PAUSE_S


@given(st.floats(min_value=0, max_value=LONGEST_PAUSE_S))
def test_a_pause_lies_between_nothing_and_its_ceiling(ceiling_s: float) -> None:
    assert 0 <= full_jitter(ceiling_s) <= ceiling_s
