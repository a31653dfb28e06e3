"""Which part of a range is still to be found."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from tests.candles import MIDNIGHT_MS
from wickstream.events import MINUTE_MS
from wickstream.store.series.ranges import lacking


@given(held=st.sets(st.integers(0, 9)))
def test_what_lacks_is_spanned_from_the_first_to_the_last_of_it(held: set[int]) -> None:
    settled = pl.Series([MIDNIGHT_MS + number * MINUTE_MS for number in sorted(held)], dtype=pl.Int64)
    missing = sorted(set(range(10)) - held)
    wanted = (MIDNIGHT_MS + missing[0] * MINUTE_MS, MIDNIGHT_MS + missing[-1] * MINUTE_MS) if missing else None
    assert lacking(settled, MIDNIGHT_MS, MIDNIGHT_MS + 9 * MINUTE_MS) == wanted
