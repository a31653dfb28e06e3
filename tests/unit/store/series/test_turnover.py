"""What was traded within a window, whichever tiers have its minutes."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from tests.candles import MIDNIGHT_MS, minute
from wickstream.candle import Candle, Origin, supersedes
from wickstream.events import MINUTE_MS
from wickstream.rendering import Rendered, rendered
from wickstream.store.hot.hour import HotHour
from wickstream.store.series.turnover import (
    MINUTES,
    Parts,
    TradedMinute,
    Window,
    added_up,
    change_pct,
    minutes_in,
)

WINDOW = Window.until(MIDNIGHT_MS + 100 * MINUTE_MS + 1)
NUMBERS = range(41, 101)  # its minutes


@st.composite
def versions(draw: st.DrawFn) -> Candle:
    """A minute around the window, in one of a few versions."""
    return minute(
        number=draw(st.integers(38, 103)),
        trade_count=draw(st.integers(0, 5)),
        closed=draw(st.booleans()),
        revision=draw(st.integers(0, 2)),
        origin=draw(st.sampled_from([Origin.TRADES, Origin.AGG])),
        quote_volume=draw(st.decimals(0, "1e25", places=16)),
        close=draw(st.decimals("0.00000001", "1e6", places=8)),
    )


def a_hot_hour(closed: Sequence[Candle], opened: Sequence[Candle] = ()) -> HotHour:
    return HotHour(
        closed[0].open_time if closed else None,
        closed[-1].open_time if closed else None,
        Rendered([rendered(candle) for candle in closed]),
        Rendered([rendered(candle) for candle in opened]),
    )


def test_a_window_is_sixty_minutes_with_the_forming_one() -> None:
    assert (WINDOW.first_ms, WINDOW.last_ms) == (
        MIDNIGHT_MS + NUMBERS[0] * MINUTE_MS,
        MIDNIGHT_MS + NUMBERS[-1] * MINUTE_MS,
    )
    assert len(NUMBERS) == MINUTES


@given(st.lists(versions(), max_size=30))
def test_each_minute_counts_once_in_the_version_that_every_store_would_keep(candles: list[Candle]) -> None:
    kept: dict[int, Candle] = {}
    for candle in candles:
        held = kept.get(candle.open_time)
        if held is None or supersedes(candle, held):
            kept[candle.open_time] = candle
    found = added_up("BTCUSDT", map(TradedMinute.of, candles))

    assert found.trade_count == sum(candle.trade_count for candle in kept.values())
    assert found.last_price == (kept[max(kept)].close if kept else None)
    assert list(found.closes) == [(open_time, kept[open_time].close) for open_time in sorted(kept)]
    assert Fraction(found.quote_volume) == sum(Fraction(candle.quote_volume) for candle in kept.values())


@given(st.lists(versions(), max_size=20), st.lists(versions(), max_size=5))
def test_of_the_hot_hour_all_that_lies_within_is_read_off_its_rows(closed: list[Candle], opened: list[Candle]) -> None:
    in_order = sorted(closed, key=lambda candle: candle.open_time)
    found = minutes_in(a_hot_hour(in_order, opened), WINDOW)
    assert found == [
        TradedMinute.of(candle)
        for candle in (*in_order, *opened)
        if WINDOW.first_ms <= candle.open_time <= WINDOW.last_ms
    ]


def test_an_hour_that_goes_back_far_enough_and_stands_not_still_suffices() -> None:
    now_ms = WINDOW.last_ms + 1
    assert WINDOW.is_in(a_hot_hour([minute(number=n) for n in range(41, 100)]), now_ms)
    assert WINDOW.is_in(a_hot_hour([minute(number=n) for n in range(40, 99)]), now_ms)
    assert not WINDOW.is_in(a_hot_hour([minute(number=n) for n in range(42, 100)]), now_ms)
    assert not WINDOW.is_in(a_hot_hour([minute(number=n) for n in range(40, 97)]), now_ms)
    assert not WINDOW.is_in(a_hot_hour([]), now_ms)


@given(st.sets(st.sampled_from(NUMBERS[:-1])), st.sets(st.sampled_from(NUMBERS[:-1])))
def test_a_window_is_whole_when_each_ended_minute_is_closed_or_a_halt(lacking: set[int], halted: set[int]) -> None:
    minutes = [TradedMinute.of(minute(number=n, closed=n not in lacking)) for n in NUMBERS[:-1]]
    halts = frozenset(MIDNIGHT_MS + n * MINUTE_MS for n in halted)
    assert Parts(warm=minutes, halts=halts).are_whole(WINDOW) == (lacking <= halted)


def test_a_change_is_from_the_first_price_to_the_last() -> None:
    assert change_pct(Decimal(3), Decimal(2)) == Decimal("-33.333")
    assert change_pct(Decimal(0), Decimal(2)) is None
    first, *_, last = [minute(number=n, open=Decimal(100 + n), close=Decimal(101 + n)) for n in range(50)]
    assert added_up("BTCUSDT", map(TradedMinute.of, (last, first))).change_pct == Decimal("50.000")
