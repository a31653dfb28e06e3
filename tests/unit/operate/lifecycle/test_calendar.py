"""What is over, and what is old, by the data's own time."""

import pytest

from tests.candles import MIDNIGHT_MS
from wickstream.events import DAY_MS, MINUTE_MS
from wickstream.operate.lifecycle.calendar import (
    SETTLING_MS,
    day_name,
    days_over,
    is_old,
    is_over,
    month_name,
    now_of,
    part_end_ms,
)

AUGUST_MS = MIDNIGHT_MS - 8 * DAY_MS


def test_now_is_where_the_newest_closed_candle_ends() -> None:
    assert now_of([MIDNIGHT_MS, None, MIDNIGHT_MS - MINUTE_MS], wall_ms=MIDNIGHT_MS + 100 * DAY_MS) == (
        MIDNIGHT_MS + MINUTE_MS
    )


def test_nothing_is_over_where_there_are_no_candles() -> None:
    assert now_of([None], wall_ms=MIDNIGHT_MS) == 0
    assert not is_over(DAY_MS, 0)


def test_a_candle_of_the_future_does_not_make_all_others_old() -> None:
    assert now_of([MIDNIGHT_MS + 10**12], wall_ms=MIDNIGHT_MS) == MIDNIGHT_MS


@pytest.mark.parametrize(
    ("part", "end_ms"),
    [("2024-08-08", MIDNIGHT_MS), ("2024-07", AUGUST_MS), ("2024-08", AUGUST_MS + 31 * DAY_MS)],
)
def test_a_part_ends_with_its_day_or_month(part: str, end_ms: int) -> None:
    assert part_end_ms(part) == end_ms


def test_days_and_months_have_the_names_of_the_lake() -> None:
    assert (day_name(MIDNIGHT_MS), month_name(AUGUST_MS)) == ("2024-08-09", "2024-08")


def test_a_day_is_over_when_what_still_comes_of_it_has_had_its_time() -> None:
    assert not is_over(MIDNIGHT_MS, MIDNIGHT_MS + SETTLING_MS - 1)
    assert is_over(MIDNIGHT_MS, MIDNIGHT_MS + SETTLING_MS)


def test_the_day_that_goes_on_is_none_of_those_that_are_over() -> None:
    over = days_over([AUGUST_MS], MIDNIGHT_MS + DAY_MS // 2)
    assert [day_name(day) for day in over] == [f"2024-08-0{day}" for day in range(1, 9)]


def test_a_month_is_old_when_all_of_it_is() -> None:
    end_ms = part_end_ms("2024-04")
    assert is_old(end_ms, end_ms + 90 * DAY_MS, days=90)
    assert not is_old(end_ms, end_ms + 90 * DAY_MS - 1, days=90)


def test_nothing_is_old_where_all_is_kept_for_ever() -> None:
    assert not is_old(0, 2**60, days=0)
