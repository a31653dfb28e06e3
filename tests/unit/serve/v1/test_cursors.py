import pytest
from hypothesis import given
from hypothesis import strategies as st

from wickstream.serve.problems import Problem
from wickstream.serve.v1.cursors import cursor_at, position_of

positions = st.lists(st.integers(-(2**63), 2**63 - 1) | st.text(max_size=40), max_size=3)
questions = st.tuples(st.text(max_size=9), st.none() | st.integers())


@given(positions, questions)
def test_a_cursor_leads_back_to_its_place(position: list[int | str], question: tuple[object, ...]) -> None:
    assert position_of(cursor_at(position, *question), *question) == position


@given(positions, questions, questions)
def test_a_cursor_is_of_no_use_to_another_question(
    position: list[int | str], question: tuple[object, ...], other: tuple[object, ...]
) -> None:
    if question != other:
        with pytest.raises(Problem, match="another question"):
            position_of(cursor_at(position, *question), *other)


@given(st.text(alphabet="ABCabc019-_", max_size=60))
def test_an_invented_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(Problem, match="another question"):
        position_of(cursor, "BTCUSDT")


def test_a_changed_cursor_is_refused() -> None:
    cursor = cursor_at((1_723_161_600_000,), "BTCUSDT")
    for place, letter in enumerate(cursor):
        changed = cursor[:place] + ("A" if letter != "A" else "B") + cursor[place + 1 :]
        with pytest.raises(Problem):
            position_of(changed, "BTCUSDT")
