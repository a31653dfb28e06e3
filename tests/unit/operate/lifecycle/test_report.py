"""What a lifecycle tells."""

import pytest

from wickstream.operate.lifecycle.report import Done, Outcome, lines, report
from wickstream.operate.validation.evidence import Fault


def a_report(*outcomes: Outcome, **fields: object) -> list[str]:
    done = [Done(step="step", subject=f"2024-0{n}", outcome=outcome, facts={"rows": 1_234}, **fields)  # type: ignore[arg-type]
            for n, outcome in enumerate(outcomes, 1)]  # fmt: skip
    return lines(report(done, dry_run=False, now_ms=1, seconds=1.25))


def test_nothing_to_do_is_said() -> None:
    assert a_report() == ["nothing to do"]


def test_each_subject_is_a_line_with_its_counts() -> None:
    assert a_report(Outcome.DONE)[0] == "step, 2024-01: done (1,234 rows)"


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.NOT_DONE])
def test_what_is_not_done_is_not_passed(outcome: Outcome) -> None:
    done = [Done(step="step", subject="2024-01", outcome=outcome)]
    assert not report(done, dry_run=False, now_ms=1, seconds=0).passed
    assert a_report(Outcome.DONE, outcome)[-1] == "NOT all is done"


def test_rows_that_are_in_the_way_are_named() -> None:
    told = a_report(Outcome.FAILED, trouble="kept: 1 faults", faults=(Fault("BTCUSDT", 60_000, "high 1, 2"),))
    assert told[:2] == ["step, 2024-01: failed (1,234 rows; kept: 1 faults)", "    BTCUSDT 60000: high 1, 2"]
