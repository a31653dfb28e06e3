import random

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.exchange.market_truth import (
    FIRST_ID,
    MIDNIGHT_MS,
    arrival,
    assert_true,
    feed,
    ids,
    markets,
    marks,
    proven_minutes,
    row,
    sequencer,
    started,
    ticker,
    traded,
    true_counts,
)
from wickstream.events import MINUTE_MS, GapStatus, Source, Trade
from wickstream.exchange.sequencing.holes import HoldingRoom
from wickstream.exchange.sequencing.sequencer import Sequencer

SEEDS = st.integers(0, 2**32)


# Order, holes, duplicates: rule 3


def test_trades_leave_in_the_order_of_their_ids_and_each_once() -> None:
    one, trades = started(), row(4)

    feed(one, [trades[0], trades[2], trades[2], trades[0], trades[1], trades[1], trades[3]])

    assert ids(one) == [1_000, 1_001, 1_002, 1_003]
    assert one.duplicates == 3


def test_everything_is_held_until_it_is_known_where_to_begin() -> None:
    one, trades = sequencer(), row(4)

    feed(one, trades)
    assert ids(one) == []
    assert one.hole() is None

    one.start_at(FIRST_ID + 2, now_s=0.0)
    assert ids(one) == [1_002, 1_003]
    assert one.held == 0


def test_a_hole_is_named_with_its_ends_and_as_old_as_our_knowledge_of_it() -> None:
    one, trades = started(), row(9)
    feed(one, trades[:2], now_s=1.0)
    feed(one, trades[5:7], now_s=2.0)
    feed(one, trades[8:], now_s=3.0)

    hole = one.hole()

    assert hole is not None
    assert (hole.first, hole.last, hole.size, hole.known_at_s) == (1_002, 1_004, 3, 2.0)
    assert hole.bounded_at_s is not None


def test_a_hole_that_was_filled_in_part_is_a_new_one() -> None:
    one, trades = started(), row(9)
    feed(one, trades[:2], now_s=1.0)
    feed(one, trades[5:7], now_s=2.0)
    feed(one, trades[2:4], now_s=9.0)

    hole = one.hole()

    assert hole is not None
    assert (hole.first, hole.last, hole.known_at_s) == (1_004, 1_004, 9.0)


def test_a_ticker_reveals_ids_the_trade_stream_kept_silent_about() -> None:
    one = started()
    feed(one, row(3))

    one.on_ticker(ticker(1_004, 5_000), now_s=7.0)

    hole = one.hole()
    assert hole is not None
    assert (hole.first, hole.last, hole.known_at_s, hole.bounded_at_s) == (1_003, 1_004, 7.0, None)


def test_there_is_no_hole_once_all_known_ids_are_here() -> None:
    one, trades = started(), row(4)
    one.on_ticker(ticker(1_003, 5_000), now_s=0.0)

    feed(one, trades)

    assert one.hole() is None


@given(markets(), SEEDS)
def test_any_shuffle_with_doubles_losses_and_refills_gives_each_trade_once_and_the_true_marks(
    trades: list[Trade], seed: int
) -> None:
    chance = random.Random(seed)
    one = started()
    on_the_way = [trade for trade in trades if chance.random() > 0.2]
    on_the_way += [trade for trade in trades if chance.random() < 0.3]
    for trade in sorted(on_the_way, key=lambda trade: trade.trade_id + chance.uniform(0, 8)):
        one.accept(arrival(trade), now_s=0.0)
        one.minutes.decide({}, {})
    one.knows_of(trades[-1].trade_id, now_s=0.0)
    while (hole := one.hole()) is not None:
        page = [trade for trade in trades if trade.trade_id >= hole.first][: chance.randint(1, 5)]
        for trade in page:
            one.accept(arrival(trade, Source.REST), now_s=0.0)
    one.minutes.decide(true_counts(trades), {})

    assert ids(one) == [trade.trade_id for trade in trades]
    assert_true(marks(one), trades, proven_minutes(trades))


# Proof by ticker: rules 4 and 12


def test_a_ticker_closes_a_minute_only_after_the_grace_and_by_what_it_is_as_of() -> None:
    one = started()
    feed(one, row(100))
    one.on_ticker(ticker(1_099, 122_499, late_ms=60_000), now_s=0.0)
    assert marks(one) == []

    one.on_ticker(ticker(1_099, 122_500), now_s=0.0)

    assert [(mark.trade_count, mark.next_trade_id) for mark in marks(one)] == [(40, 1_100)]


def test_a_ticker_that_knows_less_than_we_do_proves_as_well() -> None:
    one = started()
    feed(one, row(100))

    one.on_ticker(ticker(1_090, 130_000), now_s=0.0)

    assert len(marks(one)) == 1


def test_a_ticker_proves_nothing_while_an_id_it_knows_is_missing() -> None:
    one, trades = started(), row(100)
    feed(one, trades[:99])

    one.on_ticker(ticker(1_099, 130_000), now_s=0.0)
    assert marks(one) == []

    feed(one, trades[99:])
    one.on_ticker(ticker(1_099, 131_000), now_s=0.0)
    assert [mark.trade_count for mark in marks(one)] == [40]


def test_a_ticker_of_an_empty_day_proves_nothing() -> None:
    """After an outage longer than its 24 hours it would hide trades we missed."""
    one = started()
    feed(one, row(100))

    one.on_ticker(ticker(-1, 5 * MINUTE_MS), now_s=0.0)

    assert marks(one) == []


# Segment breaks: rule 3


def test_a_break_names_the_ids_goes_on_and_leaves_the_minutes_around_it_unproven() -> None:
    one, trades = started(), row(400)
    feed(one, trades[:150])
    feed(one, trades[160:], now_s=1.0)

    one.break_segment(detected_at_ms=7, now_s=2.0, evidence="because")

    (gap,) = one.take_gaps(detected_at_ms=8)
    assert (gap.first_trade_id, gap.last_trade_id, gap.status) == (1_150, 1_159, GapStatus.OPEN)
    assert (gap.open_time, gap.detected_at, gap.evidence) == (None, 7, "because")
    assert ids(one) == [trade.trade_id for trade in trades[:150] + trades[160:]]
    assert [(mark.open_time - MIDNIGHT_MS) // MINUTE_MS for mark in marks(one)] == [1, 3, 4, 5]
    assert one.hole() is None


def test_a_break_of_what_only_the_ticker_knows_goes_on_behind_it() -> None:
    one, trades = started(), row(400)
    feed(one, trades[:10])
    one.knows_of(1_049, now_s=0.0)

    one.break_segment(detected_at_ms=7, now_s=2.0, evidence="")
    feed(one, trades[40:60])

    assert [gap.last_trade_id for gap in one.take_gaps(detected_at_ms=8)] == [1_049]
    assert ids(one) == [trade.trade_id for trade in trades[:10] + trades[50:60]]


def test_there_is_nothing_to_break_without_a_hole() -> None:
    one = started()
    feed(one, row(3))

    one.break_segment(detected_at_ms=7, now_s=2.0, evidence="")

    assert one.take_gaps(detected_at_ms=8) == []
    assert one.next_id == 1_003


# Room


def roomy(trades: int) -> HoldingRoom:
    return HoldingRoom(limit_bytes=trades * arrival(traded(1, 0)).held_bytes)


def test_past_the_bound_the_highest_ids_go_and_are_holes_again() -> None:
    room, trades = roomy(3), row(9)
    one = Sequencer("BTCUSDT", room)
    one.start_at(FIRST_ID, now_s=0.0)
    feed(one, [trades[8], trades[7], trades[6], trades[3], trades[2], trades[5]])
    assert one.held == 3
    assert room.used_bytes == room.limit_bytes

    feed(one, trades[:2])

    assert ids(one) == [1_000, 1_001, 1_002, 1_003]
    hole = one.hole()
    assert hole is not None
    assert (hole.first, hole.last) == (1_004, 1_004)


def test_the_next_trade_needs_no_room() -> None:
    room, trades = roomy(2), row(9)
    one = Sequencer("BTCUSDT", room)
    one.start_at(FIRST_ID, now_s=0.0)
    feed(one, trades[2:4])

    feed(one, trades[:1])

    assert one.held == 2
    assert ids(one) == [1_000]


def test_the_bound_is_over_all_symbols() -> None:
    room, trades = roomy(2), row(9)
    one, other = Sequencer("BTCUSDT", room), Sequencer("ETHUSDT", room)
    one.start_at(FIRST_ID, now_s=0.0)
    other.start_at(FIRST_ID, now_s=0.0)
    feed(one, trades[3:5])

    feed(other, trades[3:5])

    assert (one.held, other.held) == (2, 0)
    assert other.hole() is not None


@given(SEEDS, st.integers(1, 12))
def test_whatever_comes_the_room_is_never_exceeded_and_given_back_at_the_end(seed: int, places: int) -> None:
    chance = random.Random(seed)
    room, trades = roomy(places), row(40)
    one = Sequencer("BTCUSDT", room)
    one.start_at(FIRST_ID, now_s=0.0)
    for trade in chance.sample(trades, 40):
        frame = arrival(trade)
        one.accept(frame, now_s=0.0)
        assert room.used_bytes <= room.limit_bytes
    feed(one, trades)

    assert ids(one) == [trade.trade_id for trade in trades]
    assert room.used_bytes == 0
