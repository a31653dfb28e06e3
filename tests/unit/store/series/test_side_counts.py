from hypothesis import given
from hypothesis import strategies as st

from tests.candles import MIDNIGHT_MS, minute
from wickstream.candle import INTERVALS, window_start
from wickstream.events import MINUTE_MS
from wickstream.store.series.side_counts import Sides, by_window, proven_sides, width_of

# Of trades: how many minutes after midnight, and whether the taker bought.
trades = st.lists(st.tuples(st.integers(0, 100 * 1_440), st.booleans()), max_size=60)


@given(trades, st.sampled_from(INTERVALS))
def test_counts_of_a_width_make_those_of_the_windows(traded: list[tuple[int, bool]], interval: str) -> None:
    width_ms = width_of(interval)
    by_width: dict[int, list[int]] = {}
    by_hand: dict[int, list[int]] = {}
    for number, is_buy in traded:
        at_ms = MIDNIGHT_MS + number * MINUTE_MS
        for held, opened in ((by_width, at_ms // width_ms * width_ms), (by_hand, window_start(at_ms, interval))):
            sides = held.setdefault(opened, [0, 0])
            sides[0 if is_buy else 1] += 1
    counted = [(opened, buys, sells) for opened, (buys, sells) in by_width.items()]
    assert by_window(counted, interval) == {opened: Sides(*sides) for opened, sides in by_hand.items()}


def test_one_trade_more_or_less_than_the_candle_has_proves_nothing() -> None:
    candles = [minute(number=number, trade_count=10) for number in range(4)]
    counted = dict(zip((one.open_time for one in candles), (Sides(4, 6), Sides(4, 5), Sides(5, 6)), strict=False))
    assert proven_sides(candles, counted) == [Sides(4, 6), None, None, None]


def test_where_nothing_was_traded_there_is_nothing_to_count() -> None:
    assert proven_sides([minute(number=0, trade_count=0)], {}) == [Sides(0, 0)]
