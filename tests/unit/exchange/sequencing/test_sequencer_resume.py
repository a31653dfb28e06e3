"""A predecessor's mark and trades, and how the next process goes on from them: rule 2."""

import random
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.exchange.market_truth import (
    FIRST_ID,
    MIDNIGHT_MS,
    SYMBOL,
    arrival,
    assert_true,
    feed,
    ids,
    markets,
    marks,
    newest,
    proven_minutes,
    row,
    sequencer,
    started,
    ticker,
    traded,
    true_counts,
    true_mark,
)
from wickstream.events import MINUTE_MS, Gap, GapStatus, Mark, Trade
from wickstream.exchange.sequencing.arrival import Arrival
from wickstream.exchange.sequencing.sequencer import Sequencer


def tail(published: Sequence[Trade], said: Sequence[Mark]) -> tuple[Mark | None, list[Arrival]]:
    """What Kafka holds of a dead process: its newest mark, and the trades from where it goes on."""
    mark = max(said, key=lambda mark: (mark.open_time, mark.trade_count), default=None)
    return mark, [arrival(trade) for trade in published if mark is None or trade.trade_id >= mark.next_trade_id]


@given(markets(), st.lists(st.integers(0, 40), max_size=4), st.integers(0, 2**32))
def test_a_restart_at_any_point_goes_on_as_if_nothing_had_happened(
    trades: list[Trade], cuts: list[int], seed: int
) -> None:
    chance = random.Random(seed)
    said: list[Mark] = []
    published: list[Trade] = []
    for start, stop in zip([0, *sorted(cuts)], [*sorted(cuts), len(trades)], strict=True):
        one = sequencer()
        if published:
            one.resume(*tail(published, said), now_s=0.0)
        else:
            one.start_at(FIRST_ID, now_s=0.0)
        feed(one, trades[max(0, start - 3) : stop])  # REST and sockets repeat what was published
        if chance.random() < 0.5 or stop == len(trades):  # else it dies without having asked for klines
            one.minutes.decide(true_counts(trades), {})
        published += [trades[trade_id - FIRST_ID] for trade_id in ids(one)]
        said += marks(one)

    assert [trade.trade_id for trade in published] == [trade.trade_id for trade in trades]
    kept = newest(said)
    assert_true([kept[minute] for minute in sorted(kept)], trades, proven_minutes(trades))


def test_what_was_published_is_counted_again_but_not_published_again() -> None:
    first, trades = started(), row(200)
    feed(first, trades[:150])
    mark, since = tail(trades[:150], marks(first))
    assert mark is not None
    assert len(since) == 30

    one = sequencer()
    one.resume(mark, since, now_s=0.0)
    feed(one, trades[150:])

    assert ids(one) == [trade.trade_id for trade in trades[150:]]
    assert [mark.trade_count for mark in marks(one)] == [60]


def test_a_mark_that_was_never_acknowledged_comes_out_of_the_replay() -> None:
    first, trades = started(), row(130)
    feed(first, trades)
    (mark,) = marks(first)  # of the second minute; the start's own is unproven

    one = sequencer()
    one.resume(None, map(arrival, trades), now_s=0.0)

    assert marks(one) == [mark]
    assert ids(one) == []


def test_a_tail_that_is_not_contiguous_leaves_its_minutes_unproven() -> None:
    first, trades = started(), row(300)
    feed(first, trades[:130])
    mark, since = tail(trades[:130], marks(first))
    assert mark is not None

    one = sequencer()
    one.resume(mark, since[3:], now_s=0.0)
    feed(one, trades[130:])

    assert [mark.open_time - MIDNIGHT_MS for mark in marks(one)] == [3 * MINUTE_MS]


def test_a_doubled_record_in_the_tail_is_not_counted_twice_and_never_leads_back() -> None:
    first, trades = started(), row(300)
    feed(first, trades[:130])
    mark, since = tail(trades[:130], marks(first))

    one = sequencer()
    one.resume(mark, [*since[:4], *since], now_s=0.0)
    feed(one, trades[120:])

    assert ids(one) == [trade.trade_id for trade in trades[130:]]
    assert marks(one)[0] == true_mark(trades, MIDNIGHT_MS + 2 * MINUTE_MS, next_trade_id=1_180)


def test_a_frame_that_came_before_the_tail_was_read_is_not_published_again() -> None:
    one, trades = sequencer(), row(10)
    feed(one, trades[:8])

    one.resume(None, map(arrival, trades[:5]), now_s=0.0)

    assert ids(one) == [1_005, 1_006, 1_007]


def test_the_price_a_quiet_minute_carries_survives_a_restart() -> None:
    first, trades = started(), row(150)
    feed(first, trades)
    first.on_ticker(ticker(1_149, 3 * MINUTE_MS + 2_500), now_s=0.0)
    mark, since = tail(trades, marks(first))
    assert since == []

    one = sequencer()
    one.resume(mark, since, now_s=0.0)
    one.minutes.trading_at(MIDNIGHT_MS + 3 * MINUTE_MS)
    one.on_ticker(ticker(1_149, 4 * MINUTE_MS + 2_500), now_s=0.0)

    (quiet,) = marks(one)
    assert (quiet.trade_count, quiet.close) == (0, trades[-1].price)


# What is missing in the tail


def listed(first: int, last: int, status: GapStatus = GapStatus.OPEN) -> Gap:
    return Gap(SYMBOL, first, last, None, 3, status)


def a_halt() -> Gap:
    return Gap(SYMBOL, None, None, MIDNIGHT_MS, 3, GapStatus.HALTED)


def resumed(trades: Sequence[Trade], *entries: Gap) -> Sequencer:
    one = sequencer()
    one.resume(None, map(arrival, trades), now_s=5.0, next_id=FIRST_ID, listed=entries, detected_at_ms=9)
    return one


def entries_of(one: Sequencer) -> list[tuple[int | None, int | None, GapStatus]]:
    return [(gap.first_trade_id, gap.last_trade_id, gap.status) for gap in one.take_gaps(detected_at_ms=0)]


def test_ids_that_were_not_published_before_a_restart_become_an_entry() -> None:
    trades = row(20)

    (gap,) = resumed(trades[:5] + trades[8:]).take_gaps(detected_at_ms=0)

    assert (gap.first_trade_id, gap.last_trade_id, gap.open_time) == (1_005, 1_007, None)
    assert (gap.status, gap.detected_at, gap.evidence) == (GapStatus.OPEN, 9, "not published before a restart")


def test_ids_that_are_in_the_ledger_already_are_not_listed_again() -> None:
    trades = row(20)

    assert entries_of(resumed(trades[:5] + trades[8:], a_halt(), listed(1_005, 1_007, GapStatus.ABSENT))) == []


def test_of_what_the_ledger_lists_in_part_the_rest_becomes_an_entry() -> None:
    trades = row(40)
    known = (listed(1_020, 1_024), listed(1_007, 1_009), listed(1_015, 1_016))

    one = resumed(trades[:5] + trades[22:], *known)

    opened = GapStatus.OPEN
    assert entries_of(one) == [(1_005, 1_006, opened), (1_010, 1_014, opened), (1_017, 1_019, opened)]


@given(st.sets(st.integers(1, 28)), st.lists(st.tuples(st.integers(0, 30), st.integers(0, 6)), max_size=5))
def test_what_is_missing_is_listed_once_whatever_the_ledger_knows(
    missing: set[int], known: list[tuple[int, int]]
) -> None:
    kept = [trade for trade in row(30) if trade.trade_id - FIRST_ID not in missing]
    entries = [listed(FIRST_ID + first, FIRST_ID + first + more) for first, more in known]
    before = {FIRST_ID + first + n for first, more in known for n in range(more + 1)}

    new = [one for first, last, _ in entries_of(resumed(kept, *entries)) for one in range(first or 0, (last or 0) + 1)]

    assert new == sorted({FIRST_ID + number for number in missing} - before)


def test_without_any_trade_since_it_goes_on_where_the_predecessor_knew_of_nothing_to_come() -> None:
    one, trades = resumed([]), row(3)

    feed(one, trades)

    assert ids(one) == [1_000, 1_001, 1_002]


def test_behind_a_jump_the_next_whole_minute_is_proven_again() -> None:
    trades = row(300)

    one = resumed(trades[:30] + trades[40:70])
    feed(one, trades[70:])

    assert_true(marks(one), trades, [MIDNIGHT_MS + minute * MINUTE_MS for minute in (1, 2, 3)])


def test_where_a_mark_s_trades_begin_is_handed_on_with_each_correction_of_it() -> None:
    first, trades = started(), row(130)
    feed(first, trades)
    (proven,) = first.take_marks(producers_ms=77)
    assert proven.since_ms == 77

    one = sequencer()
    one.resume(proven.mark, [], now_s=0.0, since_ms=proven.since_ms)
    late = traded(proven.mark.next_trade_id, 2 * MINUTE_MS - 1)
    feed(one, [late])

    (again,) = one.take_marks(producers_ms=99)
    assert (again.corrected, again.since_ms) == (True, 77)


def test_a_mark_that_waits_for_its_proof_remembers_since_when_trades_follow_it() -> None:
    """They are published at once; whoever reads the tail later must not begin with the mark's own time."""
    one = started()
    feed(one, [traded(1_000, 0), traded(1_001, MINUTE_MS), traded(1_002, 3 * MINUTE_MS)])
    assert [proven.mark.open_time - MIDNIGHT_MS for proven in one.take_marks(producers_ms=77)] == [MINUTE_MS]

    one.minutes.decide({MIDNIGHT_MS + 2 * MINUTE_MS: 0}, {})

    assert [proven.since_ms for proven in one.take_marks(producers_ms=5_000)] == [77]


def test_an_old_ticker_does_not_tell_by_when_ids_were_traded_that_it_does_not_know() -> None:
    """As a process that slept has them in its hands: trades of the running minute were given up meanwhile."""
    one = sequencer()
    one.resume(None, [], now_s=0.0, next_id=1_020, known_at_ms=MIDNIGHT_MS + MINUTE_MS + 30_000)

    one.on_ticker(ticker(1_004, MINUTE_MS - 9_000), now_s=1.0)
    feed(one, [traded(1_020, MINUTE_MS + 40_000), traded(1_021, 2 * MINUTE_MS), traded(1_022, 3 * MINUTE_MS)])

    assert [mark.open_time - MIDNIGHT_MS for mark in marks(one)] == [2 * MINUTE_MS]


def test_behind_a_break_an_old_ticker_does_not_tell_when_the_lost_ids_were_traded() -> None:
    one = started()
    feed(one, row(4))
    one.minutes.start_over()
    one.next_id = 1_020

    one.on_ticker(ticker(1_004, MINUTE_MS - 9_000), now_s=1.0)
    feed(one, [traded(1_020, MINUTE_MS + 40_000), traded(1_021, 2 * MINUTE_MS), traded(1_022, 3 * MINUTE_MS)])

    assert [mark.open_time - MIDNIGHT_MS for mark in marks(one)] == [2 * MINUTE_MS]
