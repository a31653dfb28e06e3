"""A predecessor's mark and trades, and how the next process goes on from them: rule 2."""

import random
from collections.abc import Sequence

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
    newest,
    proven_minutes,
    row,
    sequencer,
    started,
    ticker,
    true_counts,
    true_mark,
)
from wickstream.events import MINUTE_MS, Mark, Trade
from wickstream.exchange.arrival import Arrival


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
            one.minutes.decide(true_counts(trades))
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
