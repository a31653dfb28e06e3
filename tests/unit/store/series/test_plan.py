"""Which minutes are read for a question, and what becomes of them."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.candles import MIDNIGHT_MS, minute
from wickstream.candle import INTERVALS, Candle, window_end, window_start
from wickstream.events import MINUTE_MS
from wickstream.rendering import Rendered
from wickstream.store.hot.hour import NOTHING, HotHour
from wickstream.store.series.plan import (
    Plan,
    Question,
    hot_suffices,
    is_complete,
    lacking,
    plan,
    stitch,
    windows,
)

NO_HALTS: frozenset[int] = frozenset()


def ask(interval: str = "1m", **fields: Any) -> Question:
    given_: dict[str, Any] = {"start": None, "end": None, "limit": 3, "closed_only": False}
    return Question("BTCUSDT", interval, **(given_ | fields))


def at(number: int) -> int:
    return MIDNIGHT_MS + number * MINUTE_MS


def numbers(candles: Sequence[Candle]) -> list[int]:
    return [(candle.open_time - MIDNIGHT_MS) // MINUTE_MS for candle in candles]


def answered(question: Question, minutes: Sequence[Candle]) -> list[int]:
    return numbers(windows(question, stitch(plan(question), minutes), NO_HALTS, at(20) + 500))


ALL = [minute(number=number) for number in range(20)]


def test_start_and_end_are_both_inclusive() -> None:
    assert answered(ask(start=at(2), end=at(4)), ALL) == [2, 3, 4]
    assert answered(ask(start=at(2) + 1, end=at(4) - 1), ALL) == [3]


def test_without_a_range_the_newest_and_with_start_alone_the_first() -> None:
    assert answered(ask(), ALL) == [17, 18, 19]
    assert answered(ask(end=at(9)), ALL) == [7, 8, 9]
    assert answered(ask(start=at(9)), ALL) == [9, 10, 11]
    assert answered(ask(start=0), ALL) == [0, 1, 2]


def test_windows_at_the_edges_are_rolled_up_from_all_of_their_minutes() -> None:
    question = ask("5m", start=at(1), end=at(10), limit=10)
    minutes = stitch(plan(question), ALL)

    assert numbers(windows(question, minutes, NO_HALTS, None)) == [5, 10]
    assert [c.trade_count for c in windows(question, minutes, NO_HALTS, None)] == [50, 50]
    assert all(c.closed for c in windows(question, minutes, NO_HALTS, None))


def test_open_windows_are_left_out_when_only_closed_ones_are_asked_for() -> None:
    minutes = [*ALL, minute(number=20, closed=False)]

    assert answered(ask(), minutes) == [18, 19, 20]
    assert answered(ask(closed_only=True), minutes) == [17, 18, 19]


def test_of_the_open_ones_the_one_that_now_lies_in_may_be_asked_for_besides() -> None:
    minutes = [*ALL[:18], minute(number=18, closed=False), ALL[19], minute(number=20, closed=False)]

    assert answered(ask(closed_only=True, and_forming=True), minutes) == [17, 19, 20]
    assert answered(ask(closed_only=True, and_forming=True), minutes[:-2]) == [15, 16, 17]


@given(st.sampled_from(INTERVALS), st.integers(0, 2_000_000_000_000), st.integers(1, 1_000))
def test_a_plan_holds_whole_windows_and_enough_minutes(interval: str, time: int, limit: int) -> None:
    forward = plan(ask(interval, start=time, limit=limit))
    backward = plan(ask(interval, end=time, limit=limit))

    assert window_start(forward.first_ms, interval) == forward.first_ms >= time
    assert backward.last_ms + MINUTE_MS == window_end(window_start(time, interval), interval) > time
    assert forward.minutes == backward.minutes >= limit


@pytest.mark.parametrize("time", [-5, 2**60])
def test_a_time_far_off_asks_for_nothing_strange(time: int) -> None:
    for interval in INTERVALS:
        assert plan(ask(interval, start=time, end=time)).minutes > 0


def test_at_a_seam_the_newest_version_wins_and_nothing_is_doubled() -> None:
    older = [minute(number=n, closed=False, trade_count=3) for n in range(5)]
    newer = [minute(number=n) for n in (2, 3, 4, 5)]

    for parts in ((older, newer), (newer, older)):
        stitched = stitch(Plan(at(0), at(9), 10, backward=False), *parts)
        assert numbers(stitched) == [0, 1, 2, 3, 4, 5]
        assert [c.closed for c in stitched] == [False, False, True, True, True, True]


HOUR = HotHour(at(0), at(59), Rendered(()), Rendered(()))


def test_the_hot_tier_is_believed_only_in_the_range_it_covers() -> None:
    now = at(60) + 5_000

    assert hot_suffices(plan(ask(limit=60)), HOUR, now)
    assert not hot_suffices(plan(ask(limit=61)), HOUR, now)
    assert hot_suffices(plan(ask(start=at(0), limit=1_000)), HOUR, now)
    assert not hot_suffices(plan(ask(start=at(-1), limit=1)), HOUR, now)
    assert hot_suffices(plan(ask(end=at(30), limit=31)), HOUR, now)
    assert not hot_suffices(plan(ask(limit=1)), NOTHING, now)


def test_a_hot_tier_that_stands_still_is_not_believed() -> None:
    assert hot_suffices(plan(ask()), HOUR, at(61) + 59_999)
    assert not hot_suffices(plan(ask()), HOUR, at(62))
    assert not hot_suffices(plan(ask()), HOUR, None)


def complete(question: Question, minutes: Sequence[Candle], *, now_ms: int, halts: frozenset[int] = NO_HALTS) -> bool:
    stitched = stitch(plan(question), minutes)
    return is_complete(question, windows(question, stitched, halts, now_ms), stitched, halts, now_ms)


def test_complete_means_that_every_ended_minute_is_closed_or_a_halt() -> None:
    now = at(20) + 30_000
    forming = minute(number=20, closed=False)
    question = ask(start=at(0), limit=100)

    assert complete(question, [*ALL, forming], now_ms=now)
    assert not complete(question, ALL[:7] + ALL[8:], now_ms=now)
    assert complete(question, ALL[:7] + ALL[8:], now_ms=now, halts=frozenset({at(7)}))
    assert not complete(question, [*ALL[:19], minute(number=19, closed=False)], now_ms=now)
    assert not complete(question, [*ALL, forming], now_ms=at(21))
    assert not complete(ask(start=at(-1), limit=100), ALL, now_ms=now)


def test_an_answer_cut_off_by_its_limit_is_complete_as_far_as_it_goes() -> None:
    holed = ALL[:7] + ALL[8:]

    assert complete(ask(start=at(0), limit=5), holed, now_ms=at(20))
    assert complete(ask(limit=5), holed, now_ms=at(20))
    assert not complete(ask(limit=15), holed, now_ms=at(20))
    assert complete(ask("5m", start=at(0), limit=1), holed, now_ms=at(20))
    assert not complete(ask("5m", start=at(0), limit=2), holed, now_ms=at(20))


def test_nothing_known_is_not_complete() -> None:
    assert not complete(ask(), [], now_ms=at(20))
    assert not complete(ask(start=at(0)), [], now_ms=at(20))
    assert complete(ask(start=at(30)), [], now_ms=at(20))


def test_what_nobody_heard_anything_of_is_not_complete() -> None:
    assert not complete(ask(start=at(0), end=at(9)), [], now_ms=0)


def test_a_forming_candle_alone_is_not_a_complete_series() -> None:
    assert not complete(ask(limit=100), [minute(number=20, closed=False)], now_ms=at(20) + 1)


@given(
    held=st.sets(st.integers(0, 9)),
    opened=st.sets(st.integers(0, 9), max_size=1),
    start=st.none() | st.integers(0, 9),
    end=st.integers(0, 9),
    limit=st.integers(1, 10),
)
def test_where_nothing_lacks_no_halt_is_needed_for_the_answer(
    held: set[int], opened: set[int], start: int | None, end: int, limit: int
) -> None:
    question = ask(start=None if start is None else at(start), end=at(end), limit=limit)
    wanted = plan(question)
    rows = [minute(number=number, closed=number not in opened) for number in sorted(held)]
    rows = [row for row in rows if wanted.first_ms <= row.open_time <= wanted.last_ms]
    rows = rows[-limit:] if wanted.backward else rows[:limit]
    if lacking(wanted, [rows], NO_HALTS, None) is not None:
        return
    answer = windows(question, rows, NO_HALTS, None)
    assert is_complete(question, answer, rows, NO_HALTS, at(20))
    assert answer == rows
