from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sample_market import a_candle
from wickstream.candle import (
    INTERVALS,
    Candle,
    Origin,
    buy_sell_ratio,
    contradicts,
    plain,
    price_change_pct,
    supersedes,
    vwap,
    window_end,
    window_start,
)

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
