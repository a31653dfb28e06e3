"""The forming candle, against sums done another way."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from tests.candles import MIDNIGHT_MS
from wickstream.events import MINUTE_MS, Trade
from wickstream.store.lane.forming import KEEP_MINUTES, Forming


def trade(trade_id: int, at_ms: int = 0, price: str = "10.5", *, counts: bool = True) -> Trade:
    return Trade(
        "BTCUSDT", trade_id, Decimal(price), Decimal(2), MIDNIGHT_MS + at_ms, buyer_is_maker=False, counts=counts
    )


amounts = st.decimals("0.00000001", "999999999999.99999999", places=8)


@given(st.lists(st.tuples(amounts, amounts, st.booleans()), min_size=1, max_size=30))
def test_sums_are_exact(rows: list[tuple[Decimal, Decimal, bool]]) -> None:
    forming = Forming()
    for number, (price, quantity, maker) in enumerate(rows):
        forming.take(Trade("BTCUSDT", number, price, quantity, MIDNIGHT_MS + number, maker))
    candle = forming.candle()

    assert candle is not None
    assert candle.version == (0, False, len(rows))
    assert (candle.open, candle.close) == (rows[0][0], rows[-1][0])
    assert (candle.high, candle.low) == (max(r[0] for r in rows), min(r[0] for r in rows))
    assert Fraction(candle.volume) == sum(Fraction(r[1]) for r in rows)
    assert Fraction(candle.quote_volume) == sum(Fraction(r[0]) * Fraction(r[1]) for r in rows)
    assert Fraction(candle.taker_buy_volume) == sum(Fraction(r[1]) for r in rows if not r[2])
    assert Fraction(candle.taker_buy_quote_volume) == sum(Fraction(r[0]) * Fraction(r[1]) for r in rows if not r[2])


def test_a_trade_seen_before_is_counted_once() -> None:
    forming = Forming()

    assert [forming.take(trade(i)) for i in (5, 6, 5, 6, 7)] == [True, True, False, False, True]
    candle = forming.candle()
    assert candle is not None
    assert (candle.trade_count, candle.first_trade_id, candle.last_trade_id) == (3, 5, 7)


def test_the_next_minute_begins_with_its_first_trade() -> None:
    forming = Forming()
    for each in (trade(1, 59_999), trade(2, MINUTE_MS, "11"), trade(3, 59_998)):
        forming.take(each)
    candle = forming.candle()

    assert candle is not None
    assert (candle.open_time, candle.trade_count, candle.open) == (MIDNIGHT_MS + MINUTE_MS, 1, Decimal(11))


def test_an_off_book_trade_is_seen_and_counts_nowhere() -> None:
    forming = Forming()

    assert not forming.take(trade(1, counts=False))
    assert forming.newest is None
    assert forming.candle() is None
    assert not forming.take(trade(1))


def ended(*trades: Trade) -> list[tuple[int, bool, int]]:
    """Minute after midnight, seen whole, trades."""
    forming = Forming()
    for each in trades:
        forming.take(each)
    return [((m.candle.open_time - MIDNIGHT_MS) // MINUTE_MS, m.is_whole, m.candle.trade_count)
            for m in forming.ended()]  # fmt: skip


def test_a_minute_is_whole_between_two_neighbours_without_a_missing_id() -> None:
    first, *others = trade(1, 0), trade(2, MINUTE_MS), trade(3, MINUTE_MS + 1), trade(4, 2 * MINUTE_MS)

    assert ended(first, *others) == [(0, False, 1), (1, True, 2)]
    assert ended(*others) == [(1, False, 2)]
    assert ended(first, others[0], others[2]) == [(0, False, 1), (1, False, 1)]
    assert ended(first, *others[1:]) == [(0, False, 1), (1, False, 1)]


def test_a_trade_without_a_place_in_candles_has_one_in_the_order_of_ids() -> None:
    off_book = trade(2, MINUTE_MS, counts=False)

    assert ended(trade(1), off_book, trade(3, MINUTE_MS), trade(4, 2 * MINUTE_MS)) == [(0, False, 1), (1, True, 1)]
    assert ended(trade(0), off_book, trade(3, MINUTE_MS), trade(4, 2 * MINUTE_MS)) == [(0, False, 1), (1, False, 1)]


def test_a_trade_late_into_an_ended_minute_is_told_with_it() -> None:
    forming = Forming()
    for each in (trade(1), trade(2, MINUTE_MS), trade(3, 2 * MINUTE_MS)):
        forming.take(each)
    assert len(forming.ended()) == 2
    assert forming.ended() == ()

    forming.take(trade(4, MINUTE_MS + 7, "12"))
    (again,) = forming.ended()
    assert (again.is_whole, again.candle.trade_count, again.candle.close) == (True, 2, Decimal(12))

    forming.forget_told()
    assert len(forming.ended()) == 2


def test_no_more_ended_minutes_are_kept_than_are_told() -> None:
    minutes = range(3 * KEEP_MINUTES)

    assert len(ended(*(trade(minute, minute * MINUTE_MS) for minute in minutes))) == KEEP_MINUTES
