"""Whatever the one-shot job leaves on standard output is its answers, or a failure that is told."""

import msgspec
import pytest

from wickstream.operate.recompute.child import RecomputeFailed, answers_in
from wickstream.operate.recompute.question import Answer

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
