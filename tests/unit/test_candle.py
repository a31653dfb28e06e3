from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sample_market import MIDNIGHT_MS, a_candle
from wickstream.candle import (
    INTERVALS,
    Candle,
    Origin,
    buy_sell_ratio,
    contradicts,
    plain,
    price_change_pct,
    roll_up,
    supersedes,
    vwap,
    window_end,
    window_start,
)
from wickstream.events import MINUTE_MS

TIMES_MS = st.integers(0, 4_000_000_000_000)
DAY_MS = 86_400_000


def versions() -> st.SearchStrategy[Candle]:
    return st.builds(
        lambda revision, closed, count, origin: msgspec.structs.replace(
            a_candle(), revision=revision, closed=closed, trade_count=count, origin=origin
        ),
        st.integers(0, 2),
        st.booleans(),
        st.integers(0, 2),
        st.sampled_from(Origin),
    )


# Versions: rule 9


def test_a_closed_candle_is_never_replaced_by_an_open_one() -> None:
    closed = a_candle()
    still_open = msgspec.structs.replace(closed, closed=False, trade_count=closed.trade_count + 1_000)

    assert not supersedes(still_open, closed)
    assert supersedes(closed, still_open)


def test_a_higher_revision_replaces_whatever_there_is() -> None:
    repaired = msgspec.structs.replace(a_candle(), revision=1, trade_count=1, closed=False)

    assert supersedes(repaired, a_candle())


def test_trades_replace_another_origin_of_the_same_version_and_not_the_other_way_round() -> None:
    ours = a_candle()
    theirs = msgspec.structs.replace(ours, origin=Origin.EXCHANGE, first_trade_id=None, last_trade_id=None)

    assert supersedes(ours, theirs)
    assert not supersedes(theirs, ours)


@given(versions(), versions(), versions())
def test_versions_are_a_preorder_in_which_any_two_can_be_compared(a: Candle, b: Candle, c: Candle) -> None:
    assert not supersedes(a, a)
    assert not (supersedes(a, b) and supersedes(b, a))
    if supersedes(a, b) and supersedes(b, c):
        assert supersedes(a, c)
    if not supersedes(a, b) and not supersedes(b, c):
        assert not supersedes(a, c)


@given(
    st.lists(versions(), min_size=1, max_size=6).flatmap(lambda candles: st.tuples(*(st.permutations(candles),) * 2))
)
def test_in_whatever_order_candles_come_the_same_version_stays(orders: tuple[list[Candle], list[Candle]]) -> None:
    def kept(arriving: list[Candle]) -> tuple[object, bool]:
        stored = arriving[0]
        for candle in arriving[1:]:
            stored = candle if supersedes(candle, stored) else stored
        return stored.version, stored.origin == Origin.TRADES

    assert kept(orders[0]) == kept(orders[1])


def test_other_values_at_an_equal_version_contradict_and_times_of_publication_do_not() -> None:
    one = a_candle()

    assert contradicts(msgspec.structs.replace(one, close=Decimal(7)), one)
    assert not contradicts(msgspec.structs.replace(one, published_at=7, first_trade_id=None), one)
    assert not contradicts(msgspec.structs.replace(one, close=Decimal(7), revision=1), one)
    assert not contradicts(msgspec.structs.replace(one, close=Decimal("102.50000000")), one)


# Windows


@given(TIMES_MS, st.sampled_from(INTERVALS))
def test_every_moment_lies_in_exactly_one_window(time_ms: int, interval: str) -> None:
    start = window_start(time_ms, interval)
    end = window_end(start, interval)

    assert start <= time_ms < end
    assert window_start(start, interval) == window_start(end - 1, interval) == start
    assert window_start(end, interval) == end


@given(TIMES_MS)
def test_days_weeks_and_months_open_at_midnight_utc_on_the_right_day(time_ms: int) -> None:
    def opened(interval: str) -> datetime:
        return datetime.fromtimestamp(window_start(time_ms, interval) / 1_000, UTC)

    moment = datetime.fromtimestamp(time_ms // 1_000, UTC)
    midnight = moment.replace(hour=0, minute=0, second=0)
    assert opened("1d") == midnight
    assert opened("1w") == midnight - timedelta(days=midnight.weekday())
    assert opened("1M") == midnight.replace(day=1)
    assert window_start(time_ms, "3d") % (3 * DAY_MS) == 0


@pytest.mark.parametrize(
    ("opened", "days"), [("2024-02-01", 29), ("2023-02-01", 28), ("2024-12-01", 31), ("2024-11-01", 30)]
)
def test_a_month_is_as_long_as_it_is(opened: str, days: int) -> None:
    start = int(datetime.fromisoformat(f"{opened}T00:00:00+00:00").timestamp()) * 1_000

    assert window_end(start, "1M") - start == days * DAY_MS


# Roll-up


class Fill(NamedTuple):
    """A trade, as far as candles go."""

    minute: int
    price: Decimal
    quantity: Decimal
    taker_bought: bool


FILLS = st.builds(
    Fill,
    st.integers(0, 11),
    st.decimals("0.00000001", 10**9, places=8),
    st.decimals("0.00000001", 10**9, places=8),
    st.booleans(),
)


def from_scratch(fills: list[Fill], first_id: int, opened: int, interval: str) -> Candle:
    """A candle of these trades, ids in a row: the whole sum as one fraction-free integer each."""
    scale = 10**8
    prices = [int(fill.price * scale) for fill in fills]
    quantities = [int(fill.quantity * scale) for fill in fills]
    bought = [quantity * fill.taker_bought for quantity, fill in zip(quantities, fills, strict=True)]

    def amount(units: int, places: int) -> Decimal:
        return Decimal((0, tuple(map(int, str(units))), -places))

    return Candle(
        "BTCUSDT",
        interval,
        opened,
        window_end(opened, interval) - 1,
        fills[0].price,
        max(fill.price for fill in fills),
        min(fill.price for fill in fills),
        fills[-1].price,
        amount(sum(quantities), 8),
        amount(sum(p * q for p, q in zip(prices, quantities, strict=True)), 16),
        len(fills),
        amount(sum(bought), 8),
        amount(sum(p * q for p, q in zip(prices, bought, strict=True)), 16),
        first_id,
        first_id + len(fills) - 1,
        closed=True,
        revision=0,
        origin=Origin.TRADES,
        published_at=0,
    )


def quiet(minute: int, price: Decimal, next_id: int) -> Candle:
    """A minute without a trade: flat at the last price, an empty range of ids."""
    opened = MIDNIGHT_MS + minute * MINUTE_MS
    flat = from_scratch([Fill(minute, price, Decimal(0), taker_bought=False)], next_id, opened, "1m")
    return msgspec.structs.replace(flat, trade_count=0, first_trade_id=next_id, last_trade_id=next_id - 1)


def minutes_of(fills: list[Fill]) -> list[Candle]:
    """Twelve closed minutes in a row, quiet ones among them."""
    candles, price, next_id = [], Decimal(77), 500
    for minute in range(12):
        inside = [fill for fill in fills if fill.minute == minute]
        if inside:
            candles.append(from_scratch(inside, next_id, MIDNIGHT_MS + minute * MINUTE_MS, "1m"))
            price, next_id = inside[-1].price, next_id + len(inside)
        else:
            candles.append(quiet(minute, price, next_id))
    return candles


@given(st.lists(FILLS, max_size=30))
def test_a_roll_up_is_what_its_trades_give_from_scratch(unsorted: list[Fill]) -> None:
    fills = sorted(unsorted, key=lambda fill: fill.minute)
    rolled = list(roll_up(minutes_of(fills), "3m"))

    assert [candle.open_time for candle in rolled] == [MIDNIGHT_MS + start * MINUTE_MS for start in (0, 3, 6, 9)]
    next_id, price = 500, Decimal(77)
    for number, candle in enumerate(rolled):
        inside = [fill for fill in fills if fill.minute // 3 == number]
        if inside:
            assert candle == from_scratch(inside, next_id, candle.open_time, "3m")
            next_id, price = next_id + len(inside), inside[-1].price
        else:
            assert (candle.first_trade_id, candle.last_trade_id, candle.trade_count) == (next_id, next_id - 1, 0)
            assert candle.open == candle.high == candle.low == candle.close == price


@given(st.lists(FILLS, max_size=30))
def test_rolled_up_candles_chain_by_their_ids(fills: list[Fill]) -> None:
    rolled = list(roll_up(minutes_of(sorted(fills, key=lambda fill: fill.minute)), "3m"))

    for before, after in pairwise(rolled):
        assert before.last_trade_id is not None
        assert after.first_trade_id == before.last_trade_id + 1


def test_a_quiet_minute_lends_its_window_no_price() -> None:
    """The exchange's 5-minute kline opens with its first trade, not with the price carried into it."""
    traded = [msgspec.structs.replace(a_candle(minute), high=Decimal(95), low=Decimal(90)) for minute in (1, 2)]
    first = quiet(0, Decimal(200), 1)

    (rolled,) = roll_up([first, *traded], "5m")

    assert (rolled.open, rolled.high, rolled.low) == (traded[0].open, Decimal(95), Decimal(90))


def test_a_window_is_closed_when_every_minute_is_closed_or_halted() -> None:
    minutes = [a_candle(minute) for minute in (0, 1, 3, 4)]
    missing = MIDNIGHT_MS + 2 * MINUTE_MS

    assert [candle.closed for candle in roll_up(minutes, "5m")] == [False]
    assert [candle.closed for candle in roll_up(minutes, "5m", halts=frozenset({missing}))] == [True]


def test_a_window_with_an_open_minute_is_open() -> None:
    minutes = [a_candle(minute, closed=minute != 2) for minute in range(5)]

    assert [candle.closed for candle in roll_up(minutes, "5m")] == [False]


def test_a_roll_up_over_klines_of_the_exchange_knows_no_ids_and_does_not_claim_to_be_of_trades() -> None:
    theirs = msgspec.structs.replace(a_candle(1), origin=Origin.EXCHANGE, first_trade_id=None, last_trade_id=None)

    (rolled,) = roll_up([a_candle(0), theirs], "5m")

    assert (rolled.first_trade_id, rolled.last_trade_id, rolled.origin) == (None, None, Origin.EXCHANGE)


# Derived fields


def test_derived_fields_are_rounded_half_to_even() -> None:
    candle = msgspec.structs.replace(
        a_candle(),
        open=Decimal(200_000),
        close=Decimal("200000.3"),  # 0.00015 %
        volume=Decimal(4),
        quote_volume=Decimal("0.00000006"),  # 0.000000015
        taker_buy_volume=Decimal(1),
    )

    assert price_change_pct(candle) == Decimal("0.0002")
    assert vwap(candle) == Decimal("0.00000002")
    assert buy_sell_ratio(candle) == Decimal("0.3333")
    assert price_change_pct(msgspec.structs.replace(candle, close=Decimal("200000.1"))) == Decimal("0.0000")


def test_derived_fields_are_null_where_there_is_nothing_to_divide_by() -> None:
    flat = msgspec.structs.replace(a_candle(), volume=Decimal(0), taker_buy_volume=Decimal(0), open=Decimal(0))

    assert (vwap(flat), buy_sell_ratio(flat), price_change_pct(flat)) == (None, None, None)


# Plain form


@given(st.integers(-(10**40), 10**40), st.integers(-4, 20))
def test_the_plain_form_is_the_same_number_without_an_exponent(units: int, places: int) -> None:
    number = Decimal((int(units < 0), tuple(map(int, str(abs(units)))), -places))
    text = plain(number)

    assert Decimal(text) == number
    whole, _, fraction = text.partition(".")
    assert set(whole) <= set("-0123456789")
    assert len(fraction) >= 8
    assert len(fraction) == 8 or not fraction.endswith("0")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1", "1.00000000"), ("1E+3", "1000.00000000"), ("0E-16", "0.00000000"), ("1.1000000000", "1.10000000")],
)
def test_the_plain_form_is_as_the_exchange_writes_it(text: str, expected: str) -> None:
    assert plain(Decimal(text)) == expected
