"""What is worth a run of Spark, and when again."""

from tests.unit.operate.recompute.made_cases import gap, unclosed
from wickstream.operate.recompute.backlog import LADDER_S, Backlog
from wickstream.operate.worklist import PAUSES_S


def test_what_was_tried_in_vain_waits_longer_each_time() -> None:
    backlog, case, now_s = Backlog(), unclosed(), 1_000.0
    assert backlog.waiting(now_s=now_s) == []

    for pause_s in (*PAUSES_S, PAUSES_S[-1]):
        assert backlog.due([case], now_s=now_s) == [case]
        backlog.tried([case], now_s=now_s)
        assert backlog.waiting(now_s=now_s + pause_s - 1) == [case.finding]
        now_s += pause_s
        assert backlog.waiting(now_s=now_s) == []


def test_what_is_settled_and_found_again_begins_anew() -> None:
    backlog, first, again = Backlog(), unclosed(found_at=1), unclosed(found_at=2)
    for _ in PAUSES_S:
        backlog.tried([first], now_s=0.0)
    backlog.tried([again], now_s=0.0)

    assert backlog.waiting(now_s=0.0) == [first.finding, again.finding]
    assert backlog.waiting(now_s=PAUSES_S[0]) == [first.finding]


def test_what_the_ladder_looks_for_is_left_to_it_for_a_moment() -> None:
    backlog, awaiting, other = Backlog(), unclosed(listed=(gap(1_001, 1_002),)), unclosed(1)
    assert backlog.due([awaiting, other], now_s=0.0) == [other]

    assert backlog.waiting(now_s=LADDER_S - 1) == [awaiting.finding]
    assert backlog.waiting(now_s=LADDER_S) == []


def test_a_single_pass_tries_nothing_twice() -> None:
    backlog, tried, awaiting = Backlog(asks_again=False), unclosed(), unclosed(1, listed=(gap(1_011, 1_012),))
    backlog.tried([tried], now_s=0.0)
    backlog.due([awaiting], now_s=0.0)

    assert backlog.waiting(now_s=1e9) == [tried.finding, awaiting.finding]


def test_what_is_not_met_any_more_is_forgotten() -> None:
    backlog, case = Backlog(), unclosed()
    for _ in PAUSES_S:
        backlog.tried([case], now_s=0.0)
    backlog.waiting(now_s=100_000.0)

    backlog.tried([case], now_s=100_000.0)
    assert backlog.waiting(now_s=100_000.0 + PAUSES_S[0]) == []
