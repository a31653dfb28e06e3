"""Records of trades as columns: what each says on its own, however many come at once."""

from collections.abc import Sequence
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.candles import MIDNIGHT_MS
from tests.raw_trades import QUANTITY, record, trade_value
from wickstream.binance.frames import parse_trade
from wickstream.events import Trade
from wickstream.store.cold.raw_trades import trades_in
from wickstream.store.cold.trade_columns import COLUMNS, in_order

LARGEST = "999999999999.99999999"


def read(values: Sequence[bytes | None]) -> tuple[list[Trade], list[str]]:
    frame, rejected = trades_in([record(value, offset=offset) for offset, value in enumerate(values)])
    assert frame.schema == COLUMNS
    return [Trade(**row) for row in frame.iter_rows(named=True)], [one.reason for one in rejected]


WELL_WRITTEN = st.builds(
    lambda trade_id, whole, fraction, symbol, at: trade_value(
        trade_id, symbol, at=at, price=f"{whole}.{fraction:08}", quantity=QUANTITY
    ),
    st.integers(0, 2**63 - 1),
    st.integers(0, 10**12 - 1),
    st.integers(0, 10**8 - 1),
    st.sampled_from(("BTCUSDT", "1INCHUSDT", "币安人生USDT")),
    st.sampled_from((MIDNIGHT_MS, MIDNIGHT_MS * 1_000 + 999, 1)),
)


@given(st.lists(WELL_WRITTEN, min_size=1, max_size=20))
def test_records_as_the_exchange_writes_them_say_together_what_they_say_alone(values: list[bytes]) -> None:
    assert read(values) == ([parse_trade(value) for value in values], [])


def test_the_largest_and_the_smallest_amount_are_kept_to_the_last_digit() -> None:
    (trade,), _ = read([trade_value(1, price=LARGEST, quantity="0.00000001")])

    assert (f"{trade.price:f}", f"{trade.quantity:f}") == (LARGEST, "0.00000001")


@pytest.mark.parametrize(
    "unusual",
    [
        trade_value(2, price="1"),
        trade_value(2, price="1."),
        trade_value(2).replace(b'"m":true,', b'"X":"INSURANCE_FUND","m":true,'),
        trade_value(2).replace(b'"m":true,"M":true', b'"m":true'),
        trade_value(2).replace(b",", b" ,\n"),
    ],
)
def test_a_trade_that_is_written_in_another_way_is_read_all_the_same(unusual: bytes) -> None:
    trades, rejected = read([trade_value(1), unusual, trade_value(3)])

    assert trades == [parse_trade(trade_value(1)), parse_trade(unusual), parse_trade(trade_value(3))]
    assert rejected == []


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (None, "not a trade"),
        (b"", "not a trade"),
        (b"[" * 5_000, "not a trade"),
        (trade_value(2) + b"\n" + trade_value(3), "not a trade"),
        (trade_value(2).replace(b'"t":2', b'"t":"2"'), "not a trade"),
        (trade_value(2).replace(b'"e":"trade"', b'"e":"aggTrade"'), "not a trade"),
        (trade_value(-1), "out of range"),
        (trade_value(2**63), "out of range"),
        (trade_value(2**80), "not a trade|out of range"),
        (trade_value(2, at=0), "out of range"),
        (trade_value(2, at=2**63), "out of range"),
        (trade_value(2, at=2**62), "time out of range"),
        (trade_value(2, price="1.123456789"), "not amounts"),
        (trade_value(2, quantity="1234567890123.0"), "not amounts"),
        (trade_value(2, symbol=""), "not a trade"),
        (trade_value(2, symbol=r"A\u0000B"), "not a symbol"),
        (trade_value(2, symbol="A" * 65), "not a symbol"),
    ],
)
def test_what_is_no_trade_is_told_apart_and_the_others_are_read(bad: bytes | None, reason: str) -> None:
    frame, rejected = trades_in([record(value) for value in (trade_value(1), bad, trade_value(3))])

    assert frame["trade_id"].to_list() == [1, 3]
    assert [one.message.value() for one in rejected] == [bad]
    assert pl.Series([rejected[0].reason]).str.contains(reason).all()


def test_no_records_are_no_rows() -> None:
    assert read([]) == ([], [])


@given(st.lists(st.tuples(st.sampled_from("AB"), st.integers(0, 5)), min_size=1, max_size=20))
def test_in_order_each_id_is_there_once_and_what_came_first_is_kept(keys: list[tuple[str, int]]) -> None:
    values = [trade_value(n, symbol, price=f"{i}.0") for i, (symbol, n) in enumerate(keys)]
    frame, _ = trades_in([record(value) for value in values])

    found = in_order(frame)
    assert found.select("symbol", "trade_id").rows() == sorted(set(keys))
    assert all(
        keys.index((symbol, n)) == price for symbol, n, price in found.select("symbol", "trade_id", "price").rows()
    )
    assert isinstance(found["price"][0], Decimal)
