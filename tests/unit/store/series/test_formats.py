"""Candles as bytes, in columns, against the one-by-one form."""

import csv
import io
import json
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.candles import minute
from wickstream.candle import Candle, plain
from wickstream.store.series.formats import as_csv, as_json, as_klines
from wickstream.store.series.frames import frame_of

QUOTES = st.decimals(0, 10**15, places=16) | st.decimals(0, 10**15, places=8) | st.integers(0, 10**6).map(Decimal)
CANDLES = st.lists(
    st.builds(
        lambda price, quote, ids, symbol: msgspec.structs.replace(
            minute(number=1), symbol=symbol, open=price, quote_volume=quote, first_trade_id=ids, last_trade_id=ids
        ),
        st.decimals(0, 10**9, places=8),
        QUOTES,
        st.none() | st.integers(1, 10**12),
        st.sampled_from(("BTCUSDT", "币安人生USDT", 'Q"\\USDT')),
    ),
    max_size=5,
)


def fields_of(candle: Candle) -> dict[str, object]:
    values = msgspec.structs.asdict(candle)
    return {name: plain(value) if isinstance(value, Decimal) else value for name, value in values.items()}


@given(CANDLES)
def test_json_is_a_list_of_objects_with_amounts_as_the_exchange_writes_them(candles: list[Candle]) -> None:
    assert json.loads(as_json(frame_of(candles))) == [fields_of(candle) for candle in candles]


@given(CANDLES)
def test_csv_has_the_same_under_a_line_of_names(candles: list[Candle]) -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(frame_of(candles)).decode())))
    assert [(row["symbol"], row["open"], row["quote_volume"]) for row in rows] == [
        (candle.symbol, plain(candle.open), plain(candle.quote_volume)) for candle in candles
    ]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_klines_are_lists_as_binance_answers_them(count: int) -> None:
    candles = [minute(number=number) for number in range(count)]
    assert json.loads(as_klines(frame_of(candles))) == [
        [
            c.open_time, plain(c.open), plain(c.high), plain(c.low), plain(c.close), plain(c.volume), c.close_time,
            plain(c.quote_volume), c.trade_count, plain(c.taker_buy_volume), plain(c.taker_buy_quote_volume), "0",
        ]
        for c in candles
    ]  # fmt: skip
