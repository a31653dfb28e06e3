"""Columns of trades counted in: their candles to the last digit, and the ids that are not there."""

from decimal import Decimal
from itertools import pairwise

import msgspec
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wickstream.binance.archive_frames import COLUMNS
from wickstream.candle import Candle, Minute
from wickstream.errors import Corrupted
from wickstream.events import MINUTE_MS, Trade
from wickstream.operate.backfill.borders import Border
from wickstream.operate.backfill.tally import Tally, differing
from wickstream.operate.backfill.wanted import Day

DAY = Day("BTCUSDT", 1_723_161_600_000)

_amounts = st.integers(1, 10**15).map(lambda units: Decimal(units).scaleb(-8))
_drawn = st.lists(
    st.tuples(_amounts, _amounts, st.integers(0, 40_000), st.booleans(), st.integers(1, 3)), min_size=1, max_size=60
)


def trades_of(drawn: list[tuple[Decimal, Decimal, int, bool, int]], *, first_id: int = 100) -> list[Trade]:
    trades, trade_id, at = [], first_id, DAY.starts_at
    for price, quantity, later_ms, maker, step in drawn:
        trades.append(Trade("BTCUSDT", trade_id, price, quantity, at, maker))
        trade_id, at = trade_id + step, at + later_ms
    return trades


def frame(trades: list[Trade]) -> pl.DataFrame:
    columns = {name: [getattr(trade, name) for trade in trades] for name in COLUMNS}
    return pl.DataFrame(columns, schema=COLUMNS)


def candles_of(trades: list[Trade]) -> dict[int, Candle]:
    minutes: dict[int, Minute] = {}
    for trade in trades:
        minute = minutes.setdefault(trade.traded_at_ms // MINUTE_MS, Minute.of(trade))
        minute.add(trade)
    return {
        minute.open_time: minute.candle(closed=True, published_at=minute.open_time + MINUTE_MS)
        for minute in minutes.values()
    }


def some(ids: list[int]) -> pl.DataFrame:
    return frame([Trade("BTCUSDT", one, Decimal(1), Decimal(1), DAY.starts_at, True) for one in ids])  # noqa: FBT003


@given(_drawn, st.lists(st.integers(0, 60), max_size=4))
def test_candles_are_those_of_the_trades_wherever_the_file_is_cut(
    drawn: list[tuple[Decimal, Decimal, int, bool, int]], cuts: list[int]
) -> None:
    trades = trades_of(drawn)
    tally = Tally(DAY)
    for first, last in pairwise(sorted({0, *cuts, 60})):
        tally.take(frame(trades[first:last]))

    assert tally.candles() == candles_of(trades)
    assert tally.trades == len(trades)
    assert (tally.first_id, tally.last_id) == (100, trades[-1].trade_id)
    assert tally.missing(Border(None, None)) == trades[-1].trade_id - 100 + 1 - len(trades)


def test_what_lacks_at_the_ends_is_missing_as_far_as_those_are_known() -> None:
    tally = Tally(DAY)
    tally.take(some([100, 101, 105]))

    assert tally.missing(Border(None, None)) == 3
    assert tally.missing(Border(98, None)) == 5
    assert tally.missing(Border(98, 110)) == 9
    assert Tally(DAY).missing(Border(98, 110)) == 12
    assert Tally(DAY).missing(Border(None, 110)) == 0


@pytest.mark.parametrize("ids", [[[5, 5]], [[5, 4]], [[5], [5]], [[5, 6], [], [4]]])
def test_ids_that_do_not_ascend_are_a_corrupted_file(ids: list[list[int]]) -> None:
    *before, last = map(some, ids)
    tally = Tally(DAY)
    for part in before:
        tally.take(part)

    with pytest.raises(Corrupted, match="ascend"):
        tally.take(last)


@pytest.mark.parametrize("at_ms", [DAY.starts_at - 1, DAY.ends_at])
def test_trades_of_another_day_are_a_corrupted_file(at_ms: int) -> None:
    with pytest.raises(Corrupted, match="another day"):
        Tally(DAY).take(frame([Trade("BTCUSDT", 1, Decimal(1), Decimal(1), at_ms, True)]))  # noqa: FBT003


def test_amounts_whose_sum_would_wrap_around_are_refused() -> None:
    largest = Decimal("999999999999.99999999")

    with pytest.raises(Corrupted, match="too large"):
        Tally(DAY).take(frame([Trade("BTCUSDT", 1, largest, largest, DAY.starts_at, True)]))  # noqa: FBT003


def test_minutes_differ_where_one_side_has_other_trades() -> None:
    ours = candles_of(trades_of([(Decimal(2), Decimal(3), 60_000, True, 1)] * 4))
    first, second, third, fourth = sorted(ours)
    theirs = dict(ours)
    del theirs[second]
    theirs[third] = msgspec.structs.replace(ours[third], close=Decimal(5))
    quiet = msgspec.structs.replace(ours[fourth], open_time=fourth + MINUTE_MS, trade_count=0)
    unseen = msgspec.structs.replace(ours[first], open_time=fourth + 2 * MINUTE_MS)

    found = differing(ours, theirs | {quiet.open_time: quiet, unseen.open_time: unseen})

    assert found == [second, third, unseen.open_time]
