"""Trades of several stores as one series, against a plain set of ids."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wickstream.events import Trade
from wickstream.store.series.trade_series import lacking_ids, stitch_trades, wanted_ids

IDS = st.sets(st.integers(0, 30))
ABSENT = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 4)).map(lambda r: (r[0], r[0] + r[1])), max_size=3)


def trade(number: int) -> Trade:
    return Trade("BTCUSDT", number, Decimal(number), Decimal(1), 1_000 * number, buyer_is_maker=False)


@given(lane=IDS, cold=IDS, absent=ABSENT, first=st.integers(0, 30), count=st.integers(0, 12))
def test_every_id_is_there_once_or_missing_or_absent(
    lane: set[int], cold: set[int], absent: list[tuple[int, int]], first: int, count: int
) -> None:
    ids = range(first, first + count)
    parts = {tier: [trade(n) for n in sorted(held)] for tier, held in (("lane", lane), ("cold", cold))}
    found = stitch_trades(ids, parts, absent)

    never = {id_ for begin, end in absent for id_ in range(begin, end + 1)}
    assert [one.trade_id for one in found.trades] == sorted((lane | cold) & set(ids))
    missing = [id_ for begin, end in found.missing for id_ in range(begin, end + 1)]
    assert missing == sorted(set(ids) - lane - cold - never)
    assert set(found.tiers) == {tier for tier, held in (("lane", lane), ("cold", cold)) if held & set(ids)}


@given(held=IDS, first=st.integers(0, 30), count=st.integers(0, 12))
def test_what_lacks_is_told_in_ranges_as_long_as_can_be(held: set[int], first: int, count: int) -> None:
    ranges = lacking_ids(range(first, first + count), held)
    assert all(one[1] + 1 < other[0] for one, other in pairwise(ranges))
    assert all(begin <= end for begin, end in ranges)


@pytest.mark.parametrize(
    ("from_id", "newest_id", "ids"),
    [
        (None, 99, range(95, 100)),
        (None, 2, range(3)),
        (None, None, range(0)),
        (10, 99, range(10, 15)),
        (97, 99, range(97, 100)),
        (200, 99, range(200, 200)),
        (10, None, range(10, 15)),
    ],
)
def test_as_many_ids_as_limit_and_none_that_nobody_has_heard_of(
    from_id: int | None, newest_id: int | None, ids: range
) -> None:
    assert wanted_ids(from_id, 5, newest_id) == ids
