"""Which word on a minute is right, and what is done about it."""

from decimal import Decimal

import msgspec
import pytest

from tests.candles import minute
from wickstream.operate.restoring.judgement import LARGEST_REVISION, Deed, Held, best_of, is_sane, judged

RIGHT = minute(number=5)
WRONG = msgspec.structs.replace(RIGHT, close=RIGHT.close + 1)
NEIGHBOURS = {one.open_time: one for one in (minute(number=4), minute(number=6))}


def test_what_differs_is_published_with_a_larger_revision_than_any() -> None:
    deed, candle, _ = judged(Held(WRONG, msgspec.structs.replace(RIGHT, revision=4), RIGHT), RIGHT)
    assert deed is Deed.PUBLISH
    assert candle is not None
    assert candle == msgspec.structs.replace(RIGHT, revision=5, published_at=candle.published_at)


@pytest.mark.parametrize(
    ("held", "deed"),
    [
        pytest.param(Held(RIGHT, RIGHT), Deed.NOTHING, id="all as it should be"),
        pytest.param(Held(RIGHT, None), Deed.TO_COLD, id="missing from cold alone"),
        pytest.param(Held(None, RIGHT), Deed.TO_WARM, id="missing from warm alone"),
        pytest.param(Held(WRONG, None), Deed.PUBLISH, id="wrong in warm, missing from cold"),
        pytest.param(Held(msgspec.structs.replace(RIGHT, published_at=1), RIGHT), Deed.PUBLISH, id="another time"),
        pytest.param(Held(), Deed.PUBLISH, id="nowhere"),
    ],
)
def test_a_minute_that_is_known_goes_where_it_lacks(held: Held, deed: Deed) -> None:
    assert judged(held, RIGHT).deed is deed


def test_a_row_in_the_place_of_one_that_is_missing_has_to_give_way() -> None:
    deed, candle, _ = judged(Held(None, RIGHT), RIGHT, occupied=7)
    assert (deed, candle and candle.revision) == (Deed.PUBLISH, 8)


def test_no_revision_is_beyond_the_largest() -> None:
    held = Held(msgspec.structs.replace(WRONG, revision=LARGEST_REVISION), RIGHT)
    assert judged(held, RIGHT).deed is Deed.LEAVE


def test_what_nothing_bears_out_is_removed_from_warm_alone_and_otherwise_left() -> None:
    assert judged(Held(WRONG, None), None).deed is Deed.REMOVE
    assert judged(Held(WRONG, RIGHT), None).deed is Deed.LEAVE
    assert judged(Held(), None).deed is Deed.NOTHING


def test_without_trades_what_chains_and_is_possible_is_right() -> None:
    unchained = msgspec.structs.replace(RIGHT, first_trade_id=1_049)
    insane = msgspec.structs.replace(RIGHT, high=RIGHT.low)
    for wrong in (unchained, insane):
        assert best_of(Held(wrong, RIGHT), NEIGHBOURS, is_cold_proven=False) == RIGHT
        assert best_of(Held(RIGHT, wrong), NEIGHBOURS, is_cold_proven=True) == RIGHT


def test_of_words_that_are_all_possible_two_outweigh_one_and_else_a_proven_lake_counts() -> None:
    assert best_of(Held(RIGHT, WRONG, RIGHT), NEIGHBOURS, is_cold_proven=True) == RIGHT
    assert best_of(Held(WRONG, RIGHT), NEIGHBOURS, is_cold_proven=True) == RIGHT
    assert best_of(Held(WRONG, RIGHT), NEIGHBOURS, is_cold_proven=False) is None


def test_what_the_lake_never_had_and_nothing_goes_on_from_is_not_right() -> None:
    assert best_of(Held(RIGHT, None), {}, is_cold_proven=True) is None
    assert best_of(Held(RIGHT, None), NEIGHBOURS, is_cold_proven=True) == RIGHT


@pytest.mark.parametrize(
    "fields",
    [
        {"close_time": 1},
        {"low": Decimal(0)},
        {"open": Decimal(99_999)},
        {"taker_buy_volume": Decimal(13)},
        {"quote_volume": Decimal(1_000)},
        {"trade_count": 11},
        {"trade_count": 0},
        {"volume": Decimal(-1)},
    ],
)
def test_what_no_minute_can_be_is_not_sane(fields: dict[str, Decimal | int]) -> None:
    assert is_sane(RIGHT)
    assert not is_sane(msgspec.structs.replace(RIGHT, **fields))
