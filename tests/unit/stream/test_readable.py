"""Nothing that stands in `processed_aggs` ends those who read it."""

from decimal import Decimal

import pytest

from tests.candles import minute
from wickstream.bus.codec import encode
from wickstream.stream.readable import candles_in


def test_what_is_no_candle_or_says_no_numbers_is_left_out() -> None:
    good, other = minute(number=0), minute(number=1)
    bad = (minute(number=2, high=Decimal("NaN")), minute(number=3, quote_volume=Decimal("1e400")))

    assert list(candles_in([encode(good), b"?", None, *map(encode, bad), encode(other)])) == [good, other]


@pytest.mark.parametrize("open_time", [-60_000, 2**31 * 60_000, 2**62])
def test_a_minute_that_no_calendar_has_is_left_out(open_time: int) -> None:
    assert not list(candles_in([encode(minute(open_time=open_time))]))
