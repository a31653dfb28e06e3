"""Ids that are not to be believed, and ids that are not to be had."""

import pytest

from tests.unit.exchange.market_truth import (
    MIDNIGHT_MS,
    arrival,
    feed,
    ids,
    marks,
    row,
    sequencer,
    started,
    ticker,
    traded,
)
from wickstream.events import MINUTE_MS, GapStatus, Trade
from wickstream.exchange.sequencing.sequencer import PLAUSIBLE_JUMP, Sequencer

# Ids the exchange seems to lack: rule 7


def lacking(trades: list[Trade], first: int, last: int) -> Sequencer:
    """All of them but `first` to `last`, which are a hole."""
    one = started()
    feed(one, [trade for trade in trades if not first <= trade.trade_id <= last], now_s=1.0)
    return one


def skip(one: Sequencer) -> None:
    hole = one.hole()
    assert hole is not None
    one.skip(hole, detected_at_ms=7, now_s=9.0, evidence="two pages lack them")


def test_past_ids_that_are_skipped_trades_flow_at_once_and_nothing_is_said_of_them_yet() -> None:
    trades = row(200)
    one = lacking(trades, 1_070, 1_074)
    assert ids(one) == list(range(1_000, 1_070))

    skip(one)

    assert ids(one) == list(range(1_075, 1_200))
    assert one.hole() is None
    assert (one.take_gaps(detected_at_ms=8), marks(one)) == ([], [])


def test_the_exchange_s_count_makes_skipped_ids_absent_and_their_minute_proven() -> None:
    trades = row(200)
    one = lacking(trades, 1_070, 1_074)
    skip(one)

    one.minutes.decide({MIDNIGHT_MS + MINUTE_MS: 55}, {})

    (gap,) = one.take_gaps(detected_at_ms=8)
    assert (gap.first_trade_id, gap.last_trade_id, gap.status, gap.detected_at) == (1_070, 1_074, GapStatus.ABSENT, 7)
    assert [mark.trade_count for mark in marks(one)] == [55, 60]


def test_a_hole_that_has_changed_meanwhile_is_not_skipped() -> None:
    trades = row(200)
    one = lacking(trades, 1_070, 1_074)
    hole = one.hole()
    assert hole is not None
    feed(one, trades[70:72])

    one.skip(hole, detected_at_ms=7, now_s=9.0, evidence="")

    left = one.hole()
    assert left is not None
    assert (left.first, left.last) == (1_072, 1_074)
    assert one.next_id == 1_072


def test_a_skipped_trade_that_turns_up_is_not_published_out_of_order() -> None:
    trades = row(200)
    one = lacking(trades, 1_070, 1_074)
    skip(one)
    ids(one)

    feed(one, trades[70:75])

    assert ids(one) == []
    assert one.duplicates == 5


def test_a_hole_behind_the_skipped_one_is_found_next() -> None:
    trades = row(200)
    one = started()
    feed(one, trades[:10] + trades[12:20] + trades[25:], now_s=1.0)

    skip(one)

    hole = one.hole()
    assert hole is not None
    assert (hole.first, hole.last, hole.known_at_s, hole.bounded_at_s) == (1_020, 1_024, 9.0, 1.0)


def test_when_a_symbol_is_given_up_what_was_in_doubt_is_missing_and_its_room_is_free() -> None:
    trades = row(200)
    one = lacking(trades, 1_070, 1_074)
    skip(one)
    feed(one, [traded(1_300, 250_000)])

    one.give_up()

    assert [gap.status for gap in one.take_gaps(detected_at_ms=8)] == [GapStatus.OPEN]
    assert (one._room.used_bytes, one._room.holes) == (0, set())


# Ids that are too large to be believed


FAR = 1_002 + PLAUSIBLE_JUMP


def three_trades() -> Sequencer:
    one = started()
    feed(one, row(3))
    return one


@pytest.mark.parametrize(("trade_id", "is_believed"), [(0, True), (1_003, True), (FAR, True), (FAR + 1, False)])
def test_an_id_is_believed_unless_it_lies_millions_ahead(trade_id: int, *, is_believed: bool) -> None:
    assert three_trades().is_plausible(trade_id) is is_believed


def test_before_the_first_trade_any_id_is_believed() -> None:
    assert sequencer().is_plausible(10**15)


def test_a_second_message_that_agrees_is_believed_and_one_that_does_not_is_not() -> None:
    one = three_trades()

    assert not one.is_plausible(10**12)
    assert not one.is_plausible(10**15)
    assert one.is_plausible(10**15 + 17)


def test_what_is_known_already_makes_a_farther_id_plausible() -> None:
    one = three_trades()
    one.knows_of(FAR, now_s=0.0)

    assert one.is_plausible(FAR + PLAUSIBLE_JUMP)


def test_one_ticker_with_a_wrong_id_neither_opens_a_hole_nor_proves_a_minute() -> None:
    one = started()
    feed(one, row(130))
    marks(one)

    one.on_ticker(ticker(10**12, 190_000), now_s=0.0)
    assert one.hole() is None
    assert marks(one) == []

    one.on_ticker(ticker(1_129, 191_000), now_s=0.0)
    assert len(marks(one)) == 1


def test_two_tickers_that_agree_open_a_hole() -> None:
    one = three_trades()

    for second in (1, 2):
        one.on_ticker(ticker(10**12 + second, second * 1_000), now_s=0.0)

    hole = one.hole()
    assert hole is not None
    assert (hole.first, hole.last) == (1_003, 10**12 + 2)


def test_refills_are_believed_whatever_their_ids() -> None:
    one = three_trades()

    one.accept(arrival(traded(10**12, 5_000)), now_s=0.0)

    assert one.hole() is not None
