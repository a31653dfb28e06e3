"""Which candles a repair publishes, and in which order its entries."""

from decimal import Decimal

import pytest

from tests.candles import minute
from wickstream.candle import Candle, Origin
from wickstream.events import Gap, GapStatus
from wickstream.exchange.recovery.ladder import Step
from wickstream.operate.mender import in_order, revised


def gap(first: int, last: int, status: GapStatus = GapStatus.REPAIRED) -> Gap:
    return Gap("BTCUSDT", first, last, None, 0, status, "rest", "why")


HALT = Gap("BTCUSDT", None, None, 60_000, 0, GapStatus.HALTED)


def test_the_piece_that_shares_its_key_with_the_entry_comes_last() -> None:
    pieces = [gap(1, 40), gap(41, 41, GapStatus.ABSENT), HALT, gap(42, 60)]
    rest = gap(61, 100, GapStatus.OPEN)

    entries = in_order(Step(trades=(), pieces=tuple(pieces), candles=(), rest=rest))

    assert entries == [rest, HALT, gap(42, 60), gap(41, 41, GapStatus.ABSENT), gap(1, 40)]


def test_wherever_the_entries_are_cut_off_no_id_is_untold() -> None:
    step = Step(trades=(), pieces=(gap(1, 40), gap(41, 60)), candles=(), rest=gap(61, 100, GapStatus.OPEN))
    for told in range(4):
        ledger = {1: gap(1, 100, GapStatus.OPEN)} | {e.first_trade_id: e for e in in_order(step)[:told]}
        known = {n for e in ledger.values() for n in range(e.first_trade_id or 0, (e.last_trade_id or 0) + 1)}
        assert known == set(range(1, 101))


def test_a_candle_that_is_not_stored_is_of_revision_one() -> None:
    candle = revised(minute(), None)

    assert candle is not None
    assert candle.version == (1, True, 10)


@pytest.mark.parametrize(
    "stored",
    [
        minute(revision=3, trade_count=9),
        minute(revision=3, closed=False),
        minute(revision=3, close=Decimal(1)),
        minute(revision=3, origin=Origin.AGG),
        minute(revision=3, origin=Origin.EXCHANGE, first_trade_id=None, last_trade_id=None),
    ],
)
def test_a_candle_takes_the_place_of_one_that_says_less_or_else(stored: Candle) -> None:
    candle = revised(minute(), stored)

    assert candle is not None
    assert candle.revision == 4


def test_a_candle_that_is_stored_already_is_not_published_again() -> None:
    assert revised(minute(), minute(revision=2, published_at=5)) is None
    assert revised(minute(origin=Origin.AGG), minute(revision=2)) is None
