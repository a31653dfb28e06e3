"""Candles by the day: what adds up chains, and whatever does not chain does not add up."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from tests.candles import minute
from wickstream.candle import Candle
from wickstream.events import MINUTE_MS
from wickstream.operate.proof.chain import chain_faults
from wickstream.operate.proof.days import counts_differ, to_look_at
from wickstream.store.cold.days import day_digests
from wickstream.store.series.frames import frame_of

TWO_DAYS = [minute(number=number) for number in range(1_430, 1_450)]

changes = st.lists(
    st.tuples(
        st.integers(0, len(TWO_DAYS) - 1),
        st.sampled_from(["gone", "open_time", "first_trade_id", "last_trade_id", "trade_count", "both ids"]),
        st.integers(-3, 3),
    ),
    max_size=3,
)


def changed(rows: list[Candle], index: int, what: str, by: int) -> list[Candle]:
    import msgspec

    index %= len(rows)
    if what == "gone":
        return rows[:index] + rows[index + 1 :] if len(rows) > 2 else rows
    names = ("first_trade_id", "last_trade_id") if what == "both ids" else (what,)
    step = MINUTE_MS if what == "open_time" else 1
    fields = {name: getattr(rows[index], name) + by * step for name in names}
    return [*rows[:index], msgspec.structs.replace(rows[index], **fields), *rows[index + 1 :]]


def days_of(rows: list[Candle]) -> pl.DataFrame:
    return day_digests(frame_of(rows).lazy()).collect()


@given(changes)
def test_what_does_not_chain_is_looked_at_and_nothing_else_is(made: list[tuple[int, str, int]]) -> None:
    rows = TWO_DAYS
    for change in made:
        rows = changed(rows, *change)
    frame = frame_of(rows).sort("open_time")
    has_faults = any(chain_faults(frame, absent=(), halts=(), starts=())) or frame["open_time"].is_duplicated().any()
    assert bool(to_look_at(days_of(rows))) == has_faults


def test_a_day_that_does_not_begin_where_the_one_before_ended_is_looked_at_from_there_on() -> None:
    rows = [row for row in TWO_DAYS if row.open_time != TWO_DAYS[10].open_time]
    (look,) = to_look_at(days_of(rows))
    assert look == ("BTCUSDT", TWO_DAYS[9].open_time, TWO_DAYS[-1].open_time)


def test_days_that_hold_other_minutes_in_the_two_tiers_are_named_as_far_as_both_keep_them() -> None:
    warm, cold = days_of(TWO_DAYS[12:]), days_of(TWO_DAYS)
    second_day = TWO_DAYS[10].open_time
    assert [fault.open_time for fault in counts_differ(warm, cold, kept_since_ms=second_day)] == [second_day]
    assert len(list(counts_differ(warm, cold, kept_since_ms=0))) == 2
    assert not list(counts_differ(cold, cold, kept_since_ms=0))
