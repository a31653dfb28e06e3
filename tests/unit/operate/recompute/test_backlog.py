"""What is worth a run of Spark, and when again."""

from tests.unit.operate.recompute.made_cases import gap, unclosed
from wickstream.operate.recompute.backlog import Backlog
from wickstream.operate.worklist import PAUSES_S


def test_what_was_tried_in_vain_waits_longer_each_time() -> None:
    backlog, cases, now_s = Backlog(), [unclosed(0), unclosed(1)], 1_000.0
    assert backlog.due(cases, now_s=now_s) == cases

    for pause_s in (*PAUSES_S, PAUSES_S[-1]):
        backlog.tried(cases[:1], now_s=now_s)
        assert backlog.due(cases, now_s=now_s + pause_s - 1) == cases[1:]
        now_s += pause_s
        assert backlog.due(cases, now_s=now_s) == cases


def test_what_is_settled_and_found_again_begins_anew() -> None:
    backlog, case = Backlog(), unclosed()
    for _ in PAUSES_S:
        backlog.tried([case], now_s=0.0)
    assert backlog.due([], now_s=1.0) == []

    assert backlog.due([case], now_s=2.0) == [case]


def test_what_the_ladder_looks_for_is_left_to_it() -> None:
    assert Backlog().due([unclosed(listed=(gap(1_001, 1_002),))], now_s=0.0) == []
