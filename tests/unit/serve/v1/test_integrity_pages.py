"""Which hours are counted, and how they come page by page."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sample_market import MIDNIGHT_MS
from wickstream.errors import TooMuch
from wickstream.events import DAY_MS, MINUTE_MS
from wickstream.serve.v1.integrity_pages import (
    BEGIN,
    HOUR_MS,
    MOST_DAYS,
    Span,
    names_of_page,
    page_of,
    settled_ms,
    span_of,
)
from wickstream.store.warm.integrity import HourCount

times = st.integers(MIDNIGHT_MS - 20 * DAY_MS, MIDNIGHT_MS + 5 * DAY_MS)


@given(st.none() | times, st.none() | times, times)
def test_a_span_holds_the_minutes_of_the_range_that_are_settled(start: int | None, end: int | None, now: int) -> None:
    newest = settled_ms(now)
    span = span_of(start, end, newest)
    assert span.first_ms % MINUTE_MS == span.last_ms % MINUTE_MS == 0
    assert span.last_ms <= newest
    assert newest + MINUTE_MS <= now - 30_000 < newest + 2 * MINUTE_MS
    if start is not None:
        assert start <= span.first_ms < start + MINUTE_MS
    if end is not None:
        assert span.last_ms <= end
    if start is None:
        assert span.last_ms - span.first_ms < DAY_MS


def test_a_range_of_31_days_is_the_longest() -> None:
    assert span_of(MIDNIGHT_MS, None, MIDNIGHT_MS + MOST_DAYS * DAY_MS - MINUTE_MS).hours == MOST_DAYS * 24
    with pytest.raises(TooMuch):
        span_of(MIDNIGHT_MS, None, MIDNIGHT_MS + MOST_DAYS * DAY_MS)


@given(
    names=st.sets(st.sampled_from("ABCDEFGHIJKLMNOP")).map(sorted),
    hours=st.integers(1, 30),
    limit=st.integers(1, 100),
    data=st.data(),
)
def test_all_pages_together_have_each_row_once_in_order(
    names: list[str], hours: int, limit: int, data: st.DataObject
) -> None:
    span = Span(MIDNIGHT_MS + MINUTE_MS, MIDNIGHT_MS + hours * HOUR_MS - MINUTE_MS)
    there = {
        name: data.draw(st.sets(st.sampled_from(range(MIDNIGHT_MS, span.last_ms, HOUR_MS)))) for name in names
    }  # of some symbols hours lack, as where they were not followed
    found: list[HourCount] = []
    behind, reads = BEGIN, 0
    while True:
        counted = names_of_page(names, behind, span, limit)
        rows = [HourCount(name, hour, 60, 60, 0, 0, 0, 0) for name in counted for hour in sorted(there[name])]
        page, place = page_of(rows, names, counted, behind, span, limit)
        assert len(page) <= limit
        assert place is None or place > behind
        found.extend(page)
        reads += 1
        if place is None:
            break
        behind = place

    expected = [(name, hour) for name in names for hour in sorted(there[name])]
    assert [(row.symbol, row.open_time) for row in found] == expected
    assert all(a < b for a, b in pairwise(expected))
    assert reads <= len(names) + len(expected) // limit + 1
