"""Marks against candles, and marks against each other."""

from hypothesis import given
from hypothesis import strategies as st

from wickstream.events import MINUTE_MS
from wickstream.store.ledger.bookkeeping import (
    SETTLED_AFTER_MS,
    Held,
    Hole,
    Item,
    Marked,
    agrees,
    holes,
    is_settled,
    newly_found,
)

MARKED = Marked(trade_count=3, first_trade_id=10, last_trade_id=12)
EQUAL = Held(closed=True, revision=0, trade_count=3, first_trade_id=10, last_trade_id=12)


def item(open_time: int = 0, *, held: Held | None = EQUAL, before: int | None = None, noted_at: int = 0) -> Item:
    return Item("BTCUSDT", open_time, noted_at, is_found=False, marked=MARKED, held=held, before=before)


def test_only_a_closed_candle_of_the_same_ids_settles_a_mark() -> None:
    assert agrees(MARKED, EQUAL)
    assert not agrees(MARKED, None)
    assert not agrees(MARKED, EQUAL._replace(closed=False))
    assert not agrees(MARKED, EQUAL._replace(trade_count=2, last_trade_id=11))
    assert not agrees(MARKED, EQUAL._replace(trade_count=4, last_trade_id=13))
    assert not agrees(MARKED, EQUAL._replace(first_trade_id=None, last_trade_id=None)), "the exchange's own kline"


def test_a_repaired_candle_may_hold_more_than_the_mark_knew_and_never_less() -> None:
    repaired = EQUAL._replace(revision=1)

    assert agrees(MARKED, repaired)
    assert agrees(MARKED, repaired._replace(trade_count=4, last_trade_id=13))
    assert not agrees(MARKED, repaired._replace(trade_count=2, last_trade_id=11))


def test_a_minute_whose_mark_is_not_kept_any_more_is_settled() -> None:
    assert is_settled(item(held=None)._replace(marked=None))


def test_a_minute_is_told_once_and_only_after_its_time() -> None:
    late = item(held=None, noted_at=1_000)
    due_ms = 1_000 + SETTLED_AFTER_MS

    assert list(newly_found([late], now_ms=due_ms - 1)) == []
    assert list(newly_found([late, item()], now_ms=due_ms)) == [late]
    assert list(newly_found([late._replace(is_found=True)], now_ms=due_ms)) == []


@given(minutes=st.sets(st.integers(0, 200), min_size=1))
def test_marks_and_the_holes_between_them_make_the_whole_span(minutes: set[int]) -> None:
    marked = sorted(minute * MINUTE_MS for minute in minutes)
    items = [item(now, before=before) for before, now in zip([None, *marked], marked, strict=False)]
    found = list(holes(items))

    within = [range(hole.first_open, hole.last_open + 1, MINUTE_MS) for hole in found]
    assert sorted([*marked, *(minute for hole in within for minute in hole)]) == list(
        range(marked[0], marked[-1] + 1, MINUTE_MS)
    )
    assert [hole.minutes for hole in found] == [len(hole) for hole in within]


def test_a_hole_is_told_where_it_begins_and_ends() -> None:
    assert list(holes([item(5 * MINUTE_MS, before=2 * MINUTE_MS)])) == [Hole("BTCUSDT", 3 * MINUTE_MS, 4 * MINUTE_MS)]
