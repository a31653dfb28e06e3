from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wickstream.binance.frames import parse_trade
from wickstream.binance.rest import ExchangeInfo, RestTicker, parse, parse_klines, parse_trades
from wickstream.candle import Origin
from wickstream.errors import MalformedFrame

MINUTE = 1_723_161_600_000
TRADE = {
    "id": 28_457,
    "price": "4.00000100",
    "qty": "12.00000000",
    "quoteQty": "48.00001200",
    "time": MINUTE + 7,
    "isBuyerMaker": True,
    "isBestMatch": True,
}
KLINE = [
    MINUTE,
    "100.00000000",
    "103.00000000",
    "99.50000000",
    "102.00000000",
    "4.00000000",
    MINUTE + 59_999,
    "404.40000000",
    10,
    "1.00000000",
    "101.10000000",
    "0",
]


def klines(*rows: list[object], now_ms: int = MINUTE + 60_000) -> bytes:
    return msgspec.json.encode(rows)


def test_a_trade_from_rest_is_rebuilt_in_the_shape_of_a_frame_with_both_times_the_same() -> None:
    ((trade, data),) = parse_trades(msgspec.json.encode([TRADE]), "BTCUSDT")

    assert data == (
        b'{"e":"trade","E":1723161600007,"s":"BTCUSDT","t":28457,"p":"4.00000100","q":"12.00000000",'
        b'"T":1723161600007,"m":true,"M":true}'
    )
    assert parse_trade(data) == trade


def test_trades_come_in_the_order_of_their_ids() -> None:
    body = msgspec.json.encode([TRADE | {"id": 3}, TRADE | {"id": 1}, TRADE | {"id": 2}])

    assert [trade.trade_id for trade, _ in parse_trades(body, "BTCUSDT")] == [1, 2, 3]


@pytest.mark.parametrize(
    "fields", [{"price": "NaN"}, {"price": '1","q":"9'}, {"id": -1}, {"id": 2**63}, {"time": 0}, {"time": "x"}]
)
def test_a_trade_from_rest_is_as_strictly_read_as_one_from_a_socket(fields: dict[str, object]) -> None:
    with pytest.raises(MalformedFrame):
        parse_trades(msgspec.json.encode([TRADE | fields]), "BTCUSDT")


def test_a_kline_becomes_a_candle_of_the_exchange_without_ids() -> None:
    (candle,) = parse_klines(klines(KLINE), "BTCUSDT", published_at=7, now_ms=MINUTE + 60_000)

    assert (candle.open_time, candle.close_time, candle.trade_count) == (MINUTE, MINUTE + 59_999, 10)
    assert (candle.open, candle.close) == (Decimal(100), Decimal(102))
    assert (candle.high, candle.low) == (Decimal(103), Decimal("99.5"))
    assert (candle.volume, candle.quote_volume) == (Decimal(4), Decimal("404.4"))
    assert (candle.taker_buy_volume, candle.taker_buy_quote_volume) == (Decimal(1), Decimal("101.1"))
    assert (candle.first_trade_id, candle.last_trade_id) == (None, None)
    assert (candle.origin, candle.revision, candle.published_at) == (Origin.EXCHANGE, 0, 7)


def test_a_kline_is_closed_once_its_window_has_ended_and_not_before() -> None:
    body = klines(KLINE)

    assert [c.closed for c in parse_klines(body, "B", published_at=0, now_ms=MINUTE + 59_999)] == [False]
    assert [c.closed for c in parse_klines(body, "B", published_at=0, now_ms=MINUTE + 60_000)] == [True]


def test_the_volumes_of_a_coin_of_little_worth_are_read() -> None:
    large = "7234567890123456.00000000"
    row = [*KLINE[:5], large, KLINE[6], large, 10, large, large, "0"]

    (candle,) = parse_klines(klines(row), "PEPEIDR", published_at=0, now_ms=0)

    assert candle.volume == candle.taker_buy_quote_volume == Decimal(large)


@pytest.mark.parametrize("place", range(11))
@pytest.mark.parametrize("value", [None, "x", "NaN", [], {}])
def test_a_kline_with_a_cell_of_another_kind_is_malformed(place: int, value: object) -> None:
    row = [*KLINE[:place], value, *KLINE[place + 1 :]]

    with pytest.raises(MalformedFrame):
        parse_klines(klines(row), "BTCUSDT", published_at=0, now_ms=0)


@given(
    st.one_of(
        st.binary(max_size=40).filter(lambda body: body.strip() != b"[]"),
        st.just(b"<html>403</html>"),
        st.just(b"[[1]]"),
        st.just(b"[" * 100_000),
    )
)
def test_a_body_of_another_shape_is_malformed_and_nothing_else(body: bytes) -> None:
    for read in (
        lambda: parse(body, ExchangeInfo),
        lambda: parse(body, list[RestTicker]),
        lambda: parse_klines(body, "BTCUSDT", published_at=0, now_ms=0),
        lambda: parse_trades(body, "BTCUSDT"),
    ):
        with pytest.raises(MalformedFrame):
            read()


def test_the_weight_limit_is_what_the_exchange_says_now() -> None:
    def info(*limits: dict[str, object]) -> ExchangeInfo:
        answer: ExchangeInfo = parse(
            msgspec.json.encode({"serverTime": 1, "rateLimits": limits, "symbols": []}), ExchangeInfo
        )
        return answer

    orders = {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 100}
    weight = {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 2, "limit": 12_000}

    assert info(orders, weight).weight_per_minute() == 6_000
    assert info(orders).weight_per_minute() is None
