"""The forming candle, against sums done another way."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from tests.candles import MIDNIGHT_MS
from wickstream.events import MINUTE_MS, Trade
from wickstream.store.forming import Forming


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
