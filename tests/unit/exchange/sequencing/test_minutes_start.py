"""The minutes around a start: rules 2 and 4."""

from decimal import Decimal
from functools import partial

from tests.unit.exchange.market_truth import MIDNIGHT_MS, SYMBOL, arrival, traded
from wickstream.events import MINUTE_MS, Gap, GapStatus, Trade
from wickstream.exchange.sequencing.minutes import TICKER_GRACE_MS, MinuteBook

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


# Begun by the clock


def begun(after: int, *trades: Trade) -> MinuteBook:
    one = MinuteBook(SYMBOL)
    one.begin_after(MIDNIGHT_MS + after)
    for trade in trades:
        one.add(arrival(trade))
    return one


def test_a_first_trade_of_an_earlier_minute_than_we_began_in_proves_the_one_we_began_in() -> None:
    one = begun(MINUTE + 300, traded(1, MINUTE - 500), traded(2, MINUTE), traded(3, 2 * MINUTE))

    assert minutes(one) == [1]


def test_one_less_than_half_a_second_before_it_proves_only_the_next() -> None:
    one = begun(MINUTE + 300, traded(1, MINUTE - 499), traded(2, MINUTE), traded(3, 2 * MINUTE), traded(4, 3 * MINUTE))

    assert minutes(one) == [2]


def test_one_behind_a_break_may_come_as_late_as_it_likes() -> None:
    one = book(traded(1, 0))
    one.start_over()
    one.begin_after(MIDNIGHT_MS + MINUTE + 300)
    for trade in (traded(7, MINUTE - 1), traded(8, MINUTE), traded(9, 2 * MINUTE)):
        one.add(arrival(trade))

    assert minutes(one) == [1]


def test_ids_in_doubt_before_a_first_trade_of_an_earlier_minute_are_simply_missing() -> None:
    doubted = Gap(SYMBOL, 1, 2, None, 1, GapStatus.OPEN)
    one = begun(MINUTE + 300)
    one.doubt(doubted)
    one.add(arrival(traded(3, 0)))

    assert one.take_findings() == [doubted]


def test_a_minute_that_is_marked_is_corrected_and_not_counted_anew() -> None:
    one = book(traded(1, 0), traded(2, MINUTE), traded(3, 2 * MINUTE))
    assert minutes(one) == [1]
    one.start_over()
    one.begin_after(MIDNIGHT_MS + 3 * MINUTE)
    one.add(arrival(traded(7, MINUTE + 9)))

    (proven,) = one.take_marks()
    assert (proven.mark.open_time, proven.mark.trade_count) == (MIDNIGHT_MS + MINUTE, 2)
    assert one.running_since() == MIDNIGHT_MS + 3 * MINUTE


# Where no price is known


def prove_until(one: MinuteBook, minute: int) -> None:
    """By tickers that know of no trade, from the first minute on; the exchange is trading."""
    for number in range(minute + 1):
        one.trading_at(MIDNIGHT_MS + number * MINUTE)
        one.prove_by_ticker(MIDNIGHT_MS + number * MINUTE + TICKER_GRACE_MS, next_trade_id=9, is_level=True)


def test_a_quiet_minute_before_the_first_trade_has_the_price_of_its_kline() -> None:
    one = book()
    prove_until(one, 3)
    assert minutes(one) == []

    quiet = [MIDNIGHT_MS + minute * MINUTE for minute in (1, 2)]
    one.decide(dict.fromkeys(quiet, 0), dict.fromkeys(quiet, Decimal("7.5")))

    marks = [proven.mark for proven in one.take_marks()]
    assert [(mark.open_time, mark.trade_count, mark.close) for mark in marks] == [
        (at, 0, Decimal("7.5")) for at in quiet
    ]


def test_a_quiet_minute_behind_a_break_does_not_carry_the_price_before_it() -> None:
    one = book(traded(1, 0), traded(2, 1))
    one.start_over()
    prove_until(one, 3)
    assert minutes(one) == []

    one.decide({MIDNIGHT_MS + MINUTE: 0, MIDNIGHT_MS + 2 * MINUTE: 1}, {MIDNIGHT_MS + MINUTE: Decimal("7.5")})

    (proven,) = one.take_marks()
    assert (proven.mark.open_time, proven.mark.close) == (MIDNIGHT_MS + MINUTE, Decimal("7.5"))


def test_from_the_first_trade_on_quiet_minutes_carry_its_price_again() -> None:
    one = book()
    prove_until(one, 2)
    one.decide({MIDNIGHT_MS + MINUTE: 0}, {MIDNIGHT_MS + MINUTE: Decimal("7.5")})
    one.take_marks()
    one.add(arrival(traded(9, 2 * MINUTE + 5)))
    prove_until(one, 4)

    marks = [proven.mark for proven in one.take_marks()]
    assert [(mark.trade_count, mark.close) for mark in marks] == [(1, traded(9, 0).price), (0, traded(9, 0).price)]


# Where a restart goes on that knows only the next id


def heirs_minutes(one: MinuteBook, until: int) -> list[int]:
    """What a restart accounts for that begins where `one` says, if no trade comes any more; -1: it said nothing."""
    since_ms = one.restarts_after()
    if since_ms is None:
        return [-1]
    heir = MinuteBook(SYMBOL)
    heir.begin_after(since_ms)
    prove_until(heir, until)
    quiet = range(MIDNIGHT_MS, MIDNIGHT_MS + (until + 1) * MINUTE, MINUTE)
    heir.decide(dict.fromkeys(quiet, 0), dict.fromkeys(quiet, Decimal(1)))
    return minutes(heir)


def prove_quiet_until(one: MinuteBook, minute: int) -> None:
    """Nobody says that the exchange was trading."""
    one.prove_by_ticker(MIDNIGHT_MS + minute * MINUTE + TICKER_GRACE_MS, next_trade_id=3, is_level=True)


def test_a_restart_begins_before_the_oldest_quiet_minute_that_is_not_decided() -> None:
    one = book(traded(1, 0), traded(2, 1))
    prove_quiet_until(one, 4)

    assert heirs_minutes(one, 5) == [1, 2, 3, 4]


def test_a_restart_still_proves_the_quiet_minute_that_was_running() -> None:
    one = book(traded(1, 0), traded(2, 1))
    prove_until(one, 3)
    assert minutes(one) == [1, 2]

    assert heirs_minutes(one, 5) == [3, 4]


def test_a_restart_proves_nothing_of_a_minute_that_was_unproven() -> None:
    one = begun(MINUTE + 300)
    assert heirs_minutes(one, 4) == [2, 3]

    one.add(arrival(traded(1, MINUTE + 400)))
    assert heirs_minutes(one, 4) == [2, 3]


def test_a_restart_that_knew_only_the_next_id_would_lose_proofs_of_trades() -> None:
    counting = book(traded(1, 0), traded(2, MINUTE))
    waiting = book(traded(1, 0), traded(2, 2 * MINUTE))
    prove_quiet_until(waiting, 3)

    assert counting.restarts_after() is None
    assert waiting.restarts_after() is None


def test_it_would_lose_quiet_minutes_before_one_that_is_unproven() -> None:
    one = book(traded(1, 0), traded(2, 3 * MINUTE))
    one.start_over()
    one.add(arrival(traded(4, 3 * MINUTE + 1)))

    assert one.restarts_after() is None
    prove_quiet_until(one, 5)
    assert one.restarts_after() is None

    quiet = [MIDNIGHT_MS + minute * MINUTE for minute in (1, 2)]
    one.decide(dict.fromkeys(quiet, 0), dict.fromkeys(quiet, Decimal(1)))
    assert heirs_minutes(one, 6) == [4, 5]


def test_it_would_lose_ids_in_doubt() -> None:
    one = begun(300, traded(1, 400))
    one.doubt(Gap(SYMBOL, 2, 2, None, 1, GapStatus.OPEN))
    one.add(arrival(traded(3, 500)))

    assert one.restarts_after() is None
    prove_quiet_until(one, 1)
    assert [gap.first_trade_id for gap in one.take_findings()] == [2]
    assert one.restarts_after() is not None


def test_where_no_trade_came_yet_it_begins_where_we_did() -> None:
    one = book()
    one.nothing_since_ms = MIDNIGHT_MS + 300

    assert one.restarts_after() == MIDNIGHT_MS + 300
