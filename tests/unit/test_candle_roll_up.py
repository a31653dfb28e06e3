from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.sample_market import MIDNIGHT_MS, a_candle
from wickstream.candle import Candle, Origin, roll_up, window_end
from wickstream.events import MINUTE_MS


class Fill(NamedTuple):
    """A trade, as far as candles go."""

    minute: int
    price: Decimal
    quantity: Decimal
    taker_bought: bool


FILLS = st.builds(
    Fill,
    st.integers(0, 11),
    st.decimals("0.00000001", 10**9, places=8),
    st.decimals("0.00000001", 10**9, places=8),
    st.booleans(),
)


def from_scratch(fills: list[Fill], first_id: int, opened: int, interval: str) -> Candle:
    """A candle of these trades, ids in a row: the whole sum as one fraction-free integer each."""
    scale = 10**8
    prices = [int(fill.price * scale) for fill in fills]
    quantities = [int(fill.quantity * scale) for fill in fills]
    bought = [quantity * fill.taker_bought for quantity, fill in zip(quantities, fills, strict=True)]

    def amount(units: int, places: int) -> Decimal:
        return Decimal((0, tuple(map(int, str(units))), -places))

    return Candle(
        "BTCUSDT",
        interval,
        opened,
        window_end(opened, interval) - 1,
        fills[0].price,
        max(fill.price for fill in fills),
        min(fill.price for fill in fills),
        fills[-1].price,
        amount(sum(quantities), 8),
        amount(sum(p * q for p, q in zip(prices, quantities, strict=True)), 16),
        len(fills),
        amount(sum(bought), 8),
        amount(sum(p * q for p, q in zip(prices, bought, strict=True)), 16),
        first_id,
        first_id + len(fills) - 1,
        closed=True,
        revision=0,
        origin=Origin.TRADES,
        published_at=0,
    )


def quiet(minute: int, price: Decimal, next_id: int) -> Candle:
    """A minute without a trade: flat at the last price, an empty range of ids."""
    opened = MIDNIGHT_MS + minute * MINUTE_MS
    flat = from_scratch([Fill(minute, price, Decimal(0), taker_bought=False)], next_id, opened, "1m")
    return msgspec.structs.replace(flat, trade_count=0, first_trade_id=next_id, last_trade_id=next_id - 1)


def minutes_of(fills: list[Fill]) -> list[Candle]:
    """Twelve closed minutes in a row, quiet ones among them."""
    candles, price, next_id = [], Decimal(77), 500
    for minute in range(12):
        inside = [fill for fill in fills if fill.minute == minute]
        if inside:
            candles.append(from_scratch(inside, next_id, MIDNIGHT_MS + minute * MINUTE_MS, "1m"))
            price, next_id = inside[-1].price, next_id + len(inside)
        else:
            candles.append(quiet(minute, price, next_id))
    return candles


@given(st.lists(FILLS, max_size=30))
def test_a_roll_up_is_what_its_trades_give_from_scratch(unsorted: list[Fill]) -> None:
    fills = sorted(unsorted, key=lambda fill: fill.minute)
    rolled = list(roll_up(minutes_of(fills), "3m"))

    assert [candle.open_time for candle in rolled] == [MIDNIGHT_MS + start * MINUTE_MS for start in (0, 3, 6, 9)]
    next_id, price = 500, Decimal(77)
    for number, candle in enumerate(rolled):
        inside = [fill for fill in fills if fill.minute // 3 == number]
        if inside:
            assert candle == from_scratch(inside, next_id, candle.open_time, "3m")
            next_id, price = next_id + len(inside), inside[-1].price
        else:
            assert (candle.first_trade_id, candle.last_trade_id, candle.trade_count) == (next_id, next_id - 1, 0)
            assert candle.open == candle.high == candle.low == candle.close == price


@given(st.lists(FILLS, max_size=30))
def test_rolled_up_candles_chain_by_their_ids(fills: list[Fill]) -> None:
    rolled = list(roll_up(minutes_of(sorted(fills, key=lambda fill: fill.minute)), "3m"))

    for before, after in pairwise(rolled):
        assert before.last_trade_id is not None
        assert after.first_trade_id == before.last_trade_id + 1


def test_a_quiet_minute_lends_its_window_no_price() -> None:
    """The exchange's 5-minute kline opens with its first trade, not with the price carried into it."""
    traded = [msgspec.structs.replace(a_candle(minute), high=Decimal(95), low=Decimal(90)) for minute in (1, 2)]
    first = quiet(0, Decimal(200), 1)

    (rolled,) = roll_up([first, *traded], "5m")

    assert (rolled.open, rolled.high, rolled.low) == (traded[0].open, Decimal(95), Decimal(90))


def test_a_window_is_closed_when_every_minute_is_closed_or_halted() -> None:
    minutes = [a_candle(minute) for minute in (0, 1, 3, 4)]
    missing = MIDNIGHT_MS + 2 * MINUTE_MS

    assert [candle.closed for candle in roll_up(minutes, "5m")] == [False]
    assert [candle.closed for candle in roll_up(minutes, "5m", halts=frozenset({missing}))] == [True]


def test_a_window_with_an_open_minute_is_open() -> None:
    minutes = [a_candle(minute, closed=minute != 2) for minute in range(5)]

    assert [candle.closed for candle in roll_up(minutes, "5m")] == [False]


def test_a_roll_up_over_klines_of_the_exchange_knows_no_ids_and_does_not_claim_to_be_of_trades() -> None:
    theirs = msgspec.structs.replace(a_candle(1), origin=Origin.EXCHANGE, first_trade_id=None, last_trade_id=None)

    (rolled,) = roll_up([a_candle(0), theirs], "5m")

    assert (rolled.first_trade_id, rolled.last_trade_id, rolled.origin) == (None, None, Origin.EXCHANGE)


def test_sums_longer_than_the_28_digits_of_a_common_decimal_are_exact() -> None:
    large = Decimal("999999999.00000001")
    fills = [Fill(minute, large, large, taker_bought=True) for minute in (0, 1)]

    rolled = next(roll_up(minutes_of(fills), "3m"))

    assert rolled.quote_volume == rolled.taker_buy_quote_volume == Decimal("1999999996000000041.9999999600000002")
