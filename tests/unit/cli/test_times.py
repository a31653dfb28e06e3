"""Times as people write them."""

import pytest

from wickstream.cli.times import duration_ms, require_in_order, time_ms
from wickstream.errors import Mistake

MIDNIGHT = 1_723_161_600_000


@pytest.mark.parametrize(
    "text",
    ["2024-08-09", "2024-08-09T00:00", "2024-08-09T02:00:00+02:00", "2024-08-09 00:00:00Z", "1723161600000"],
)
def test_a_time_is_iso_or_epoch_ms_and_utc_unless_it_says_otherwise(text: str) -> None:
    assert time_ms(text, "--start") == MIDNIGHT


def test_no_time_is_none() -> None:
    assert time_ms(None, "--end") is None


@pytest.mark.parametrize("text", ["yesterday", "", "2024-13-01", "1969-12-31", "-5", "1723161600.5", "²", "9" * 20])
def test_what_is_no_time_is_told_with_its_option(text: str) -> None:
    with pytest.raises(Mistake, match=r"^--end .*a time is written as"):
        time_ms(text, "--end")


@pytest.mark.parametrize("end_ms", [MIDNIGHT, MIDNIGHT + 1, None])
def test_a_range_may_be_one_moment_or_without_an_end(end_ms: int | None) -> None:
    require_in_order(MIDNIGHT, end_ms)
    require_in_order(None, end_ms)


def test_a_range_does_not_end_before_it_begins() -> None:
    with pytest.raises(Mistake, match="--end lies before --start"):
        require_in_order(MIDNIGHT, MIDNIGHT - 1)


@pytest.mark.parametrize(
    ("text", "expected"), [("90m", 5_400_000), ("6h", 21_600_000), ("2d", 172_800_000), (None, None)]
)
def test_a_duration_is_minutes_hours_or_days(text: str | None, expected: int | None) -> None:
    assert duration_ms(text, "--last") == expected


@pytest.mark.parametrize("text", ["", "0h", "1", "h", "-1h", "1.5h", "1w", "1h ", "٣h"])
def test_what_is_no_duration_is_refused_with_its_option(text: str) -> None:
    with pytest.raises(Mistake, match="--last"):
        duration_ms(text, "--last")
