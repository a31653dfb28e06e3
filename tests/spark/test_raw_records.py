"""What is read of the records of `raw_trades` and `minute_marks`: however they are laid out, and nothing malformed."""

import json
from collections.abc import Iterator
from decimal import Decimal

import pytest
from pyspark.sql import SparkSession

from tests.spark.decimal_oracle import Told
from tests.spark.published_market import mark_value, trade_value
from tests.spark.topic_frames import of_both_topics, raw
from wickstream.stream.candles import marks_from_raw, trades_from_raw

pytestmark = pytest.mark.spark

MIDNIGHT = 1_723_161_600_000
A_TRADE = Told("BTCUSDT", 7, Decimal("100.5"), Decimal("2"), MIDNIGHT + 1, buyer_is_maker=False)
PRICE = Decimal("64000.10")


def hurt(*changes: tuple[bytes, bytes], spaced: bool) -> Iterator[bytes]:
    """A trade's value, once with each of these changes."""
    value = trade_value(A_TRADE, spaced=spaced)
    for old, new in changes:
        assert value.count(old) == 1
        yield value.replace(old, new)


BAD_PRICES = (
    b'"1.123456789"',
    b'"-1"',
    b'"1e3"',
    b'"NaN"',
    b'"1234567890123"',
    b'"92233720368.54775808"',
    b'"92233720369"',
    b'"1.2.30000000"',
    b'"1.00000000 "',
    b'""',
    b'"."',
    b'" 1"',
    b"null",
)
BAD_IDS, BAD_TIMES = (b'"x"', b"null", b"1.5"), (b"-1", b"99999991723161600001", b"null", b"[]")
MALFORMED = (
    None, b"", b"{", b"[1]", b"null", b'{"e":"trade"}', b"\xff\xfe", b",,,,,,,,", b",,,,,,,,,,",
    *(value for spaced in (False, True) for value in hurt(
        *((b'"100.5"', price) for price in BAD_PRICES),
        *((b'"p":' + b" " * spaced + b'"100.5",', gap) for gap in (b"", b'"p":"100.5","p":',)),
        *((b'"t":' + b" " * spaced + b"7", b'"t":' + id_) for id_ in BAD_IDS),
        *((b'"T":' + b" " * spaced + b"1723161600001", b'"T":' + time) for time in BAD_TIMES),
        *((b'"m":' + b" " * spaced + b"false", b'"m":' + side) for side in (b"0", b'"false"', b"null")),
        spaced=spaced,
    )),
)  # fmt: skip


def test_malformed_values_are_left_out_and_the_rest_flows(spark: SparkSession) -> None:
    good = [trade_value(A_TRADE), trade_value(A_TRADE, spaced=True)]
    kept = trades_from_raw(raw(spark, [*MALFORMED, *good])).collect()
    assert [row["trade_id"] for row in kept] == [7, 7]
    assert marks_from_raw(raw(spark, MALFORMED)).isEmpty()
    both = of_both_topics(
        spark, [*MALFORMED, *good], [*MALFORMED, mark_value("BTCUSDT", MIDNIGHT, [7], PRICE, next_id=8)]
    )
    assert [(row["trade_id"], row["mark_count"]) for row in both.collect()] == [(7, None), (7, None), (None, 1)]


def test_a_record_is_read_as_its_topic_has_it(spark: SparkSession) -> None:
    a_mark = mark_value("BTCUSDT", MIDNIGHT, [7], PRICE, next_id=8)
    assert of_both_topics(spark, [a_mark], [trade_value(A_TRADE)]).isEmpty()


SYMBOLS = ("BTCUSDT", "1000SATSUSDT", "BTCUSDT_240927", "币安人生USDT", 'A"B', "A\\B", "A,B", "A{}:B")


def test_a_layout_changes_nothing(spark: SparkSession) -> None:
    trades = [A_TRADE._replace(symbol=symbol, trade_id=i) for i, symbol in enumerate(SYMBOLS)]
    written = [
        *(trade_value(trade) for trade in trades),
        *(
            json.dumps(json.loads(trade_value(trade)), separators=(",", ":"), ensure_ascii=False).encode()
            for trade in trades
        ),
        *(trade_value(trade, spaced=True) for trade in trades),
    ]
    rows = trades_from_raw(raw(spark, written)).collect()
    assert [(row["symbol"], row["trade_id"]) for row in rows] == [(t.symbol, t.trade_id) for t in trades] * 3
    assert {(row["price"], row["quantity"], row["is_taker_buy"]) for row in rows} == {(A_TRADE.price, 2, True)}
