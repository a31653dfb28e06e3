"""Which parts of Kafka may hold what is asked for, and what of it is not there."""

from itertools import pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.operate.recompute.made_cases import unclosed
from wickstream.exchange.recovery.mending import Span
from wickstream.operate.recompute.question import FARTHEST_MS, MOST_WINDOWS, NEAR_MS, Question, lacking, windows
from wickstream.store.ledger.cases import Case

SPANS = st.lists(st.tuples(st.integers(0, 10**10), st.integers(0, 10**7)), min_size=1, max_size=60)


def cases_of(spans: list[tuple[int, int]]) -> list[Case]:
    return [unclosed(from_ms=from_ms, until_ms=from_ms + length) for from_ms, length in spans]


@given(SPANS)
def test_every_case_lies_within_one_of_few_windows(spans: list[tuple[int, int]]) -> None:
    cases = cases_of(spans)
    found = windows(cases)

    assert len(found) <= MOST_WINDOWS
    assert all(before.until_ms + NEAR_MS < after.from_ms for before, after in pairwise(found))
    for case in cases:
        assert any(one.from_ms <= case.from_ms and (case.until_ms or 0) <= one.until_ms for one in found)


def test_what_lies_far_apart_is_read_apart() -> None:
    hour_ms = 3_600_000

    assert len(windows(cases_of([(hour_ms * n, 60_000) for n in range(5)]))) == 5
    assert len(windows(cases_of([(60_000 * n, 60_000) for n in range(500)]))) == 1


def test_what_was_written_nobody_knows_when_is_looked_for_to_the_end() -> None:
    assert windows([unclosed(from_ms=7, until_ms=None)]) == [(7, FARTHEST_MS)]


def test_of_a_quiet_minute_no_id_is_lacking() -> None:
    assert lacking(unclosed(first_id=5, last_id=4), []) == ()
    assert lacking(unclosed(first_id=5, last_id=9), [Span(0, 5), Span(8, 8)]) == ((6, 7), (9, 9))


def test_a_question_comes_through_a_pipe_as_it_was_asked() -> None:
    question = Question((unclosed(),))

    assert msgspec.json.decode(msgspec.json.encode(question), type=Question) == question
