"""What the one-shot job leaves on standard output is its answers, or a failure that is told of as few as possible."""

import asyncio

import msgspec
import pytest

from tests.unit.operate.recompute.made_cases import unclosed
from wickstream.operate.recompute.child import RecomputeFailed, answers_in, ask_in_parts
from wickstream.operate.recompute.question import Answer, Question
from wickstream.store.ledger.cases import Case

ANSWERS = [Answer(0, (), ()), Answer(1, (), ((7, 9),))]
TOLD = b"".join(msgspec.json.encode(answer) + b"\n" for answer in ANSWERS)


def test_a_line_a_case_is_its_answers() -> None:
    assert answers_in(TOLD, code=0, asked=2) == ANSWERS


@pytest.mark.parametrize(
    ("told", "code", "why"),
    [
        (TOLD, 1, "exit code 1, 2 of 2 answers"),
        (TOLD[:-9], -9, "exit code -9, 2 of 2 answers"),  # killed in the middle of a line
        (b"", 0, "exit code 0, 0 of 2 answers"),
        (TOLD[:-9], 0, "an answer that is none"),
        (b"a warning\n\xff\n", 0, "an answer that is none"),
    ],
)
def test_anything_else_is_a_failure(told: bytes, code: int, why: str) -> None:
    with pytest.raises(RecomputeFailed, match=why):
        answers_in(told, code=code, asked=2)


POISON = unclosed(5)


async def end_at_poison(question: Question) -> list[Answer]:
    if POISON in question.cases:
        raise RecomputeFailed(f"0 of {len(question.cases)} answers")
    return [Answer(number, (), ()) for number, _ in enumerate(question.cases)]


async def end_at_once(question: Question) -> list[Answer]:
    raise RecomputeFailed("no Java")


def test_a_case_that_brings_the_job_down_is_told_alone_and_the_others_have_their_answers() -> None:
    cases = [unclosed(number) for number in range(12)]

    async def ask() -> tuple[list[Case], dict[str, list[Case]]]:
        answered: list[Case] = []
        failed: dict[str, list[Case]] = {}
        async for some, answers in ask_in_parts(cases, ask=end_at_poison):
            if isinstance(answers, RecomputeFailed):
                failed[str(answers)] = list(some)
            else:
                assert len(some) == len(answers)
                answered += some
        return answered, failed

    answered, failed = asyncio.run(ask())
    assert failed == {"0 of 1 answers": [POISON]}
    assert sorted(answered, key=lambda case: case.first_open) == [case for case in cases if case != POISON]


def test_a_job_that_never_comes_up_is_told_of_once() -> None:
    cases = [unclosed(number) for number in range(2_000)]

    async def ask() -> list[tuple[list[Case], str]]:
        return [(list(some), str(why)) async for some, why in ask_in_parts(cases, ask=end_at_once)]

    assert asyncio.run(ask()) == [(cases, "no Java")]
