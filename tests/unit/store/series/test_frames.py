"""Columns of candles against the rules told candle by candle."""

from decimal import Decimal

import msgspec
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.candles import MIDNIGHT_MS, minute
from wickstream.candle import INTERVALS, Candle, Origin, roll_up, supersedes
from wickstream.events import MINUTE_MS
from wickstream.store.series import frames

AMOUNTS = st.decimals("0.00000001", 10**8, places=8)


@st.composite
def candles(draw: st.DrawFn, *, longest: int = 40) -> list[Candle]:
    """One symbol's minutes in order of time: some missing, quiet, open, revised, or without ids."""
    found, at = [], draw(st.integers(0, 40_000))
    for number in sorted(draw(st.sets(st.integers(0, longest), min_size=1))):
        prices = sorted(draw(st.lists(AMOUNTS, min_size=4, max_size=4)))
        quiet = draw(st.booleans())
        found.append(
            msgspec.structs.replace(
                minute(number=0),
                open_time=MIDNIGHT_MS + (at + number * draw(st.sampled_from((1, 1, 1_440)))) * MINUTE_MS,
                open=prices[1],
                low=prices[0],
                high=prices[3],
                close=prices[2],
                volume=Decimal(0) if quiet else draw(AMOUNTS),
                trade_count=0 if quiet else draw(st.integers(1, 9)),
                closed=draw(st.booleans()),
                revision=draw(st.integers(0, 2)),
                origin=draw(st.sampled_from(Origin)),
                first_trade_id=draw(st.none() | st.integers(1, 99)),
                published_at=draw(st.integers(0, 10**13)),
            )
        )
    unique = {candle.open_time: candle for candle in found}
    return [
        msgspec.structs.replace(unique[at], close_time=at + MINUTE_MS - 1, last_trade_id=unique[at].first_trade_id)
        for at in sorted(unique)
    ]


@given(candles())
def test_candles_come_back_as_they_were(given: list[Candle]) -> None:
    assert frames.candles_of(frames.frame_of(given)) == given


@settings(max_examples=200)
@given(minutes=candles(longest=200), interval=st.sampled_from(INTERVALS), halts=st.sets(st.integers(0, 300)))
def test_a_roll_up_in_columns_is_that_of_candles(minutes: list[Candle], interval: str, halts: set[int]) -> None:
    times = frozenset(minutes[0].open_time + number * MINUTE_MS for number in halts)
    wanted = minutes if interval == "1m" else list(roll_up(minutes, interval, halts=times))
    assert frames.candles_of(frames.roll_up(frames.frame_of(minutes), interval, halts=times)) == wanted


def test_a_window_closes_when_all_of_its_minutes_are_closed_or_halts() -> None:
    held = frames.frame_of([minute(number=number) for number in range(5) if number != 3])
    halt = MIDNIGHT_MS + 3 * MINUTE_MS
    assert not frames.roll_up(held, "5m")["closed"].item()
    assert frames.roll_up(held, "5m", halts=[halt])["closed"].item()


def test_a_sum_that_does_not_fit_is_an_error() -> None:
    held = [msgspec.structs.replace(minute(number=number), quote_volume=Decimal(9 * 10**20)) for number in range(30)]
    with pytest.raises(pl.exceptions.PolarsError, match="overflow"):
        frames.roll_up(frames.frame_of(held), "1h")


@given(st.lists(candles(longest=4), min_size=1, max_size=4))
def test_parts_are_stitched_as_candles_replace_each_other(parts: list[list[Candle]]) -> None:
    held: dict[int, Candle] = {}
    for candle in (candle for part in parts for candle in part):
        other = held.setdefault(candle.open_time, candle)
        if supersedes(candle, other):
            held[candle.open_time] = candle
    stitched = frames.stitch([frames.frame_of(part) for part in parts])
    assert frames.candles_of(stitched) == [held[at] for at in sorted(held)]
