"""The minutes around a start: rules 2 and 4."""

from functools import partial

from tests.unit.exchange.market_truth import MIDNIGHT_MS, SYMBOL, arrival, traded
from wickstream.events import MINUTE_MS, Gap, GapStatus, Trade
from wickstream.exchange.minutes import MinuteBook

MINUTE = MINUTE_MS


def book(*trades: Trade, begins_whole: bool = False) -> MinuteBook:
    one = MinuteBook(SYMBOL)
    one.begins_whole = begins_whole
    for trade in trades:
        one.add(arrival(trade))
    return one


def minutes(one: MinuteBook) -> list[int]:
    return [(proven.mark.open_time - MIDNIGHT_MS) // MINUTE for proven in one.take_marks()]


def test_the_minute_of_the_first_trade_is_never_marked() -> None:
    one = book(traded(1, 0), traded(2, 1), traded(3, MINUTE), traded(4, 2 * MINUTE))

    assert minutes(one) == [1]


def test_the_minute_of_the_first_trade_there_ever_was_is_marked() -> None:
    one = book(traded(0, 1), traded(1, MINUTE), traded(2, 2 * MINUTE), begins_whole=True)

    assert minutes(one) == [0, 1]


def test_where_ids_before_the_first_trade_are_lost_its_minute_is_not_marked() -> None:
    lost = Gap(SYMBOL, 0, 6, None, 1, GapStatus.OPEN)
    for lose in (MinuteBook.start_over, partial(MinuteBook.doubt, gap=lost)):
        one = book(begins_whole=True)
        lose(one)
        for trade in (traded(7, 1), traded(8, MINUTE)):
            one.add(arrival(trade))

        assert minutes(one) == []


def test_the_second_minute_is_proven_only_by_a_start_half_a_second_before_it() -> None:
    assert minutes(book(traded(1, MINUTE - 500), traded(2, MINUTE), traded(3, 2 * MINUTE))) == [1]
    assert minutes(book(traded(1, MINUTE - 499), traded(2, MINUTE), traded(3, 2 * MINUTE))) == []


def test_behind_a_break_any_whole_minute_is_proven_for_repair_looks_at_the_others() -> None:
    one = book(traded(1, 0), traded(2, MINUTE))
    one.start_over()
    for trade in (traded(9, 3 * MINUTE - 1), traded(10, 3 * MINUTE), traded(11, 4 * MINUTE)):
        one.add(arrival(trade))

    assert minutes(one) == [3]
