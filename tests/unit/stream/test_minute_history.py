"""A symbol's usual minute, against the same in plain Python."""

import statistics
from decimal import Decimal
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tests.candles import minute
from wickstream.stream.minute_history import MinuteHistory, Spread, spread

amounts = st.decimals(0, "9000000000", places=8)


@given(st.lists(st.integers(0, 2**63 - 1), min_size=1), st.decimals("0.1", 100, places=2))
def test_a_limit_is_as_far_above_the_median_as_the_score_says(millionths: list[int], z: Decimal) -> None:
    middle = statistics.median_low(millionths)
    distance = statistics.median_low(abs(value - middle) for value in millionths)
    limit = spread(millionths).limit(z)
    assert abs(limit * 10**6 - (middle + z * Decimal("1.4826") * distance)) <= Decimal("1e-6") * (1 + abs(limit))
    assert limit >= Decimal(middle) / 10**6


def test_of_equal_amounts_the_limit_is_the_amount() -> None:
    assert spread([2_000_000] * 7).limit(Decimal(20)) == 2
    assert Spread(Decimal(10), Decimal(2)).limit(Decimal(3)) == Decimal("18.8956")


@given(st.dictionaries(st.integers(0, 30), amounts, min_size=1), st.integers(1, 20), st.randoms())
def test_only_the_last_minutes_count_whatever_order_they_come_in(
    volumes: dict[int, Decimal], size: int, shuffler: Random
) -> None:
    history = MinuteHistory(minutes=size)
    told = [minute(number=number, quote_volume=volume) for number, volume in volumes.items()]
    shuffler.shuffle(told)
    for candle in [*told, *told[:3]]:
        history.add(candle)
    kept = [volume for number, volume in volumes.items() if number > max(volumes) - size]
    usual = history.usual()
    assert usual is not None
    assert usual.minutes == len(kept)
    assert usual.quote_volume == spread([int(volume * 10**6) for volume in kept])


def test_a_minute_that_is_told_again_takes_the_place_of_the_first() -> None:
    history = MinuteHistory(minutes=10)
    for volume in ("100", "7"):
        history.add(minute(quote_volume=Decimal(volume)))
    usual = history.usual()
    assert usual is not None
    assert usual.minutes == 1
    assert usual.quote_volume.median == 7


def test_a_move_is_measured_from_the_open_in_both_directions() -> None:
    history = MinuteHistory(minutes=10)
    history.add(minute(open=Decimal(100), high=Decimal(101), low=Decimal(97), close=Decimal(100)))
    usual = history.usual()
    assert usual is not None
    assert usual.move_pct.median == 3


def test_nothing_is_usual_without_a_minute() -> None:
    assert MinuteHistory(minutes=10).usual() is None


def test_a_volume_that_is_too_large_for_its_place_is_the_largest() -> None:
    history = MinuteHistory(minutes=10)
    history.add(minute(quote_volume=Decimal(10) ** 30))
    usual = history.usual()
    assert usual is not None
    assert usual.quote_volume.median == Decimal(2**63 - 1) / 10**6
