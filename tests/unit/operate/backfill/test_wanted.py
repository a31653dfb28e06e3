"""Which days a range has, and what of them is over."""

from hypothesis import given
from hypothesis import strategies as st

from wickstream.events import MINUTE_MS
from wickstream.operate.backfill.outcome import Outcome, unissued
from wickstream.operate.backfill.wanted import Day, Minutes, Wanted, What, over

MIDNIGHT_MS = 1_723_161_600_000  # 2024-08-09
DAY_MS = 1_440 * MINUTE_MS


def wanted(first_day: int, last_day: int, *symbols: str, is_open: bool = False) -> Wanted:
    minutes = Minutes(MIDNIGHT_MS + first_day * DAY_MS, MIDNIGHT_MS + (last_day + 1) * DAY_MS - MINUTE_MS)
    return Wanted(symbols or ("BTCUSDT",), minutes, What.BOTH, is_open=is_open)


def test_days_come_in_the_order_of_time_and_only_those_that_have_begun() -> None:
    both = wanted(0, 5, "BTCUSDT", "ETHUSDT")
    now_ms = MIDNIGHT_MS + DAY_MS

    assert [(day.symbol, str(day.date)) for day in both.days(now_ms=now_ms)] == [
        ("BTCUSDT", "2024-08-09"),
        ("ETHUSDT", "2024-08-09"),
        ("BTCUSDT", "2024-08-10"),
        ("ETHUSDT", "2024-08-10"),
    ]
    assert both.days_to_come(now_ms=now_ms) == 4
    assert both.days_to_come(now_ms=now_ms - 1) == 5


def test_a_day_that_a_range_only_touches_is_one_of_its_days() -> None:
    touching = Wanted(("BTCUSDT",), Minutes(MIDNIGHT_MS - MINUTE_MS, MIDNIGHT_MS), What.TRADES)

    assert [str(day.date) for day in touching.days(now_ms=2**53)] == ["2024-08-08", "2024-08-09"]


def test_a_range_in_the_future_has_no_days_yet() -> None:
    assert list(wanted(1, 3).days(now_ms=MIDNIGHT_MS)) == []
    assert wanted(1, 3).days_to_come(now_ms=MIDNIGHT_MS) == 3
    assert wanted(2, 3).days_to_come(now_ms=MIDNIGHT_MS - 9 * DAY_MS) == 2


def test_of_a_range_without_an_end_nothing_is_to_come() -> None:
    assert wanted(0, 3_000, is_open=True).days_to_come(now_ms=MIDNIGHT_MS) == 0


@given(st.integers(0, 3 * DAY_MS))
def test_what_is_over_ended_before_now(now_ms: int) -> None:
    minutes = over(Minutes(0, 2 * DAY_MS), now_ms=now_ms)

    assert all(open_time + MINUTE_MS <= now_ms for open_time in minutes.all())
    assert minutes.size == len(minutes.all()) == min(now_ms // MINUTE_MS, 2_881)


def test_minutes_know_what_lies_within_them() -> None:
    minutes = Minutes(60_000, 180_000)

    assert (60_000 in minutes, 180_000 in minutes, 240_000 in minutes, None in minutes) == (True, True, False, False)
    assert minutes.within(Minutes(120_000, 999_000)) == Minutes(120_000, 180_000)
    assert minutes.within(Minutes(300_000, 999_000)).size == 0


def test_a_file_that_is_not_there_may_come_within_a_week() -> None:
    day = Day("BTCUSDT", MIDNIGHT_MS)

    assert unissued(day, now_ms=day.ends_at + 6 * DAY_MS) is Outcome.NO_FILE_YET
    assert unissued(day, now_ms=day.ends_at + 7 * DAY_MS) is Outcome.NO_FILE
