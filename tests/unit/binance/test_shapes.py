from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wickstream.binance.shapes import fixed, ratio


@given(st.integers(-(10**30), 10**30), st.integers(0, 16))
def test_an_integer_of_places_is_written_exactly(units: int, places: int) -> None:
    text = fixed(units, places)

    assert int(text.replace(".", "")) == units
    assert len(text.partition(".")[2]) == places


@given(st.integers(-(10**20), 10**20))
def test_where_fewer_places_are_shown_it_is_rounded_half_even(units: int) -> None:
    assert Decimal(fixed(units, 16, shown=8)) == round(Decimal(units).scaleb(-16), 8)


@pytest.mark.parametrize(
    ("opened", "change", "percent"),
    # Real answers of `/ticker/24hr`.
    [
        ("0.04176800", "-0.00073400", "-1.757"),
        ("0.27927000", "-0.00877000", "-3.140"),
        ("0.00098800", "0.00000000", "0.000"),
        ("8917.99000000", "420.97000000", "4.720"),
    ],
)
def test_changes_in_percent_are_written_as_the_exchange_writes_them(opened: str, change: str, percent: str) -> None:
    in_units = [int(text.replace(".", "")) for text in (change, opened)]

    assert ratio(100 * in_units[0], in_units[1], 3) == percent


@pytest.mark.parametrize(
    ("quote", "volume", "average"),
    [
        ("16980.13811233", "410969.51200000", "0.04131727"),
        ("365772101.01826800", "1343961239.70000000", "0.27215971"),
        ("654275356.16896672", "72229.53692000", "9058.27981278"),
    ],
)
def test_weighted_averages_are_written_as_the_exchange_writes_them(quote: str, volume: str, average: str) -> None:
    assert ratio(int(quote.replace(".", "")), int(volume.replace(".", "")), 8) == average


def test_nothing_divided_by_nothing_is_zero() -> None:
    assert ratio(0, 0, 3) == "0.000"
