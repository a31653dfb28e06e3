from hypothesis import given
from hypothesis import strategies as st

from tests.unit.exchange.market_truth import (
    FIRST_ID,
    MIDNIGHT_MS,
    arrival,
    markets,
    newest,
    proven_minutes,
    traded,
    true_counts,
    true_mark,
)
from wickstream.events import MINUTE_MS, GapStatus, Mark, Trade
from wickstream.exchange.sequencing.minutes import MinuteBook

MINUTE = MINUTE_MS


def book(*trades: Trade) -> MinuteBook:
    one = MinuteBook("BTCUSDT")
    for trade in trades:
        one.add(arrival(trade))
    return one


def marks(one: MinuteBook) -> list[Mark]:
    return [proven.mark for proven in one.take_marks()]


def minutes(one: MinuteBook) -> list[int]:
    return [(mark.open_time - MIDNIGHT_MS) // MINUTE for mark in marks(one)]


def quiet_after_one() -> MinuteBook:
    """Minute 0 is the start's, minute 1 holds a trade, 2 and 3 none, 4 one again."""
    return book(traded(1, 0), traded(2, MINUTE), traded(3, 4 * MINUTE))


# Proof by a trade: rule 4


def test_a_minute_is_marked_by_the_next_trade_past_its_end_and_not_before() -> None:
    one = book(traded(1, 0), traded(2, MINUTE), traded(3, 2 * MINUTE - 1))
    assert marks(one) == []

    one.add(arrival(traded(4, 2 * MINUTE)))

    (mark,) = marks(one)
    assert (mark.first_trade_id, mark.last_trade_id, mark.trade_count, mark.id_sum) == (2, 3, 2, 5)
    assert mark.next_trade_id == 4
    assert mark.close == traded(3, 0).price


def test_a_trade_that_counts_nowhere_is_in_no_mark_and_proves_none() -> None:
    off_book = traded(4, 2 * MINUTE, counts=False)
    one = book(traded(1, 0), traded(2, MINUTE), traded(3, MINUTE + 1, counts=False), off_book)
    assert marks(one) == []

    one.add(arrival(traded(5, 2 * MINUTE + 1)))

    (mark,) = marks(one)
    assert (mark.first_trade_id, mark.last_trade_id, mark.trade_count, mark.next_trade_id) == (2, 2, 1, 5)


# Quiet, lost, halted: rule 5


def test_a_quiet_minute_waits_and_later_ones_wait_behind_it() -> None:
    one = quiet_after_one()
    one.add(arrival(traded(4, 5 * MINUTE)))

    assert minutes(one) == [1]
    assert one.undecided_since() == MIDNIGHT_MS + 2 * MINUTE


def test_a_status_poll_inside_a_quiet_minute_proves_it() -> None:
    one = book(traded(1, 0), traded(2, MINUTE))
    one.trading_at(MIDNIGHT_MS + 2 * MINUTE + 17)
    one.add(arrival(traded(3, 3 * MINUTE)))

    quiet = marks(one)[1]
    assert (quiet.first_trade_id, quiet.last_trade_id, quiet.trade_count, quiet.id_sum) == (3, 2, 0, 0)
    assert (quiet.close, quiet.next_trade_id) == (traded(2, 0).price, 3)


def test_a_status_poll_in_another_minute_proves_nothing() -> None:
    one = book(traded(1, 0), traded(2, MINUTE))
    one.trading_at(MIDNIGHT_MS + 2 * MINUTE - 1)
    one.trading_at(MIDNIGHT_MS + 3 * MINUTE)
    one.add(arrival(traded(3, 3 * MINUTE)))

    assert minutes(one) == [1]


def test_an_empty_kline_proves_a_quiet_minute() -> None:
    one = quiet_after_one()

    one.decide({MIDNIGHT_MS + 2 * MINUTE: 0, MIDNIGHT_MS + 3 * MINUTE: 0}, {})

    assert minutes(one) == [1, 2, 3]
    assert one.take_findings() == []


def test_a_later_kline_and_none_for_the_minute_is_a_halt_and_no_mark() -> None:
    one = quiet_after_one()

    one.decide({MIDNIGHT_MS + 3 * MINUTE: 0}, {})
    assert (minutes(one), one.take_findings()) == ([1], [])  # one answer may be late

    one.decide({MIDNIGHT_MS + 3 * MINUTE: 0}, {})

    assert minutes(one) == [3]
    assert [(halt.open_time, halt.status) for halt in one.take_findings()] == [
        (MIDNIGHT_MS + 2 * MINUTE, GapStatus.HALTED)
    ]
    assert one.take_findings() == []


def test_while_the_exchange_has_no_later_kline_a_quiet_minute_waits() -> None:
    one = quiet_after_one()

    one.decide({}, {})
    one.decide({MIDNIGHT_MS + MINUTE: 1}, {})

    assert minutes(one) == [1]
    assert one.take_findings() == []
    assert one.undecided_since() == MIDNIGHT_MS + 2 * MINUTE


def test_where_the_exchange_counts_trades_and_we_hold_none_there_is_neither_mark_nor_halt() -> None:
    one = quiet_after_one()

    one.decide({MIDNIGHT_MS + 2 * MINUTE: 5, MIDNIGHT_MS + 3 * MINUTE: 0}, {})

    assert minutes(one) == [1, 3]
    assert one.take_findings() == []


# Proof by a ticker: rule 4


def test_a_ticker_closes_the_running_minute_2500_ms_after_its_end() -> None:
    one = book(traded(1, 0), traded(2, MINUTE))

    one.prove_by_ticker(MIDNIGHT_MS + 2 * MINUTE + 2_499, next_trade_id=3, is_level=True)
    assert marks(one) == []

    one.prove_by_ticker(MIDNIGHT_MS + 2 * MINUTE + 2_500, next_trade_id=3, is_level=True)
    assert [mark.next_trade_id for mark in marks(one)] == [3]


def test_a_ticker_before_the_first_trade_proves_nothing() -> None:
    one = book()

    one.prove_by_ticker(MIDNIGHT_MS + 9 * MINUTE, next_trade_id=1, is_level=True)
    one.start_over()
    one.prove_by_ticker(MIDNIGHT_MS + 9 * MINUTE, next_trade_id=1, is_level=True)

    assert one.undecided_since() is None


# Corrections: rule 4, M3


def test_a_trade_inside_a_marked_minute_gives_the_mark_again_with_the_larger_count() -> None:
    one = book(traded(1, 0), traded(2, MINUTE), traded(3, 2 * MINUTE))
    one.take_marks()

    one.add(arrival(traded(4, 2 * MINUTE - 1)))

    (again,) = one.take_marks()
    assert again.corrected
    assert (again.mark.trade_count, again.mark.id_sum, again.mark.last_trade_id) == (2, 6, 4)
    assert again.mark.close == traded(4, 0).price
    assert again.mark.next_trade_id == 3


def test_a_trade_inside_a_quiet_minute_that_waits_makes_it_a_first_mark() -> None:
    one = quiet_after_one()
    one.take_marks()

    one.add(arrival(traded(4, 2 * MINUTE + 5)))

    (proven,) = one.take_marks()
    assert not proven.corrected
    assert (proven.mark.first_trade_id, proven.mark.last_trade_id, proven.mark.trade_count) == (4, 4, 1)


def test_after_a_restart_ids_that_are_in_the_mark_are_not_counted_into_it_again() -> None:
    first = book(traded(1, 0), traded(2, MINUTE), traded(3, 2 * MINUTE), traded(4, 2 * MINUTE - 1))
    mark = marks(first)[-1]

    one = MinuteBook("BTCUSDT")
    one.resume(mark)
    for trade in (traded(3, 2 * MINUTE), traded(4, 2 * MINUTE - 1), traded(5, 3 * MINUTE)):
        one.add(arrival(trade))

    (following,) = marks(one)
    assert (following.trade_count, following.id_sum, following.open_time) == (1, 3, MIDNIGHT_MS + 2 * MINUTE)


def test_a_minute_that_was_never_proven_is_not_corrected_into_a_mark() -> None:
    one = book(traded(1, 0), traded(2, MINUTE), traded(3, MINUTE - 1))

    assert marks(one) == []


def test_a_quiet_minute_carries_the_price_of_the_largest_id() -> None:
    one = book(traded(1, 0), traded(2, MINUTE), traded(3, 2 * MINUTE), traded(4, 2 * MINUTE - 1))
    one.trading_at(MIDNIGHT_MS + 3 * MINUTE)

    one.add(arrival(traded(5, 4 * MINUTE)))

    assert marks(one)[-1].close == traded(4, 0).price


@given(markets(off_book=False), st.lists(st.integers(0, 2_000), min_size=40, max_size=40))
def test_times_that_fall_a_little_give_true_marks_in_the_end(trades: list[Trade], back_ms: list[int]) -> None:
    started = trades[0].traded_at_ms - MIDNIGHT_MS
    fallen = [
        traded(trade.trade_id, max(started, trade.traded_at_ms - MIDNIGHT_MS - back))
        for trade, back in zip(trades, back_ms, strict=False)
    ]
    one = book(*fallen)
    one.decide(true_counts(fallen), {})

    said = newest(marks(one))
    assert set(said) >= set(proven_minutes(fallen))
    for minute, mark in said.items():
        truth = true_mark(fallen, minute, next_trade_id=mark.next_trade_id)
        assert (mark.trade_count, mark.id_sum, mark.first_trade_id, mark.last_trade_id) == (
            truth.trade_count,
            truth.id_sum,
            truth.first_trade_id,
            truth.last_trade_id,
        )


# Breaks: rule 3


def test_the_minutes_around_lost_ids_are_not_marked() -> None:
    one = book(traded(1, 0), traded(2, MINUTE), traded(3, 2 * MINUTE), traded(4, 2 * MINUTE + 1))

    one.start_over()
    for trade in (traded(9, 2 * MINUTE + 9), traded(10, 3 * MINUTE), traded(11, 4 * MINUTE)):
        one.add(arrival(trade))

    assert minutes(one) == [1, 3]


def test_marks_that_wait_survive_a_break() -> None:
    one = quiet_after_one()
    one.start_over()

    one.decide({MIDNIGHT_MS + 2 * MINUTE: 0, MIDNIGHT_MS + 3 * MINUTE: 0}, {})

    assert minutes(one) == [1, 2, 3]


@given(markets())
def test_marks_leave_in_the_order_of_their_minutes_whenever_klines_come(trades: list[Trade]) -> None:
    one, said = book(), list[Mark]()
    for number, trade in enumerate(trades):
        one.add(arrival(trade))
        if number % 3 == 0:
            one.decide(true_counts(trades[: number + 1]), {})
        said += marks(one)

    assert [mark.open_time for mark in said] == sorted({mark.open_time for mark in said})
    assert all(mark.first_trade_id >= FIRST_ID for mark in said)
