import gzip
from contextlib import suppress
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wickstream.binance.frames import Envelope, amount, is_answer, normal_ms, open_envelope, parse_ticker, parse_trade
from wickstream.errors import MalformedFrame

USDM = Path(__file__).parents[2] / "data" / "usdm_btcusdt_2024-07-18.frames.gz"
SPOT_TRADE = (
    b'{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,"p":"61837.63000000","q":"0.02000000",'
    b'"T":1723161255342,"m":true,"M":true}'
)
TICKER = (
    b'{"e":"24hrTicker","E":1580254809477,"s":"BNBBTC","p":"420.97000000","P":"4.720","w":"9058.27981278",'
    b'"x":"8917.98000000","c":"9338.96000000","Q":"0.17246300","b":"9338.03000000","B":"0.18234600",'
    b'"a":"9339.70000000","A":"0.14097600","o":"8917.99000000","h":"9373.19000000","l":"8862.40000000",'
    b'"v":"72229.53692000","q":"654275356.16896672","O":1580168409456,"C":1580254809456,"F":235294268,'
    b'"L":235894703,"n":600436}'
)


def changed(frame: bytes, **fields: object) -> bytes:
    """The frame with other values; None takes a field out."""
    values = msgspec.json.decode(frame) | fields
    return msgspec.json.encode({name: value for name, value in values.items() if value is not None})


def test_an_envelope_gives_its_data_byte_for_byte() -> None:
    envelope = open_envelope(b'{"stream":"btcusdt@trade","data": {"p" :"1.10", "x":[1]} }')

    assert envelope.stream == "btcusdt@trade"
    assert bytes(envelope.data) == b'{"p" :"1.10", "x":[1]}'


def test_a_spot_trade_is_read_with_every_digit() -> None:
    trade = parse_trade(SPOT_TRADE)

    assert (trade.symbol, trade.trade_id, trade.traded_at_ms) == ("BTCUSDT", 3_735_683_259, 1_723_161_255_342)
    assert (str(trade.price), str(trade.quantity)) == ("61837.63000000", "0.02000000")
    assert trade.buyer_is_maker
    assert trade.counts


def test_fields_that_differ_only_in_case_are_told_apart() -> None:
    trade = parse_trade(changed(SPOT_TRADE, E=5, T=7, M=False))

    assert trade.traded_at_ms == 7
    assert trade.buyer_is_maker


def test_microseconds_are_told_by_their_size_and_become_milliseconds() -> None:
    assert normal_ms(1_723_161_255_342) == 1_723_161_255_342
    assert normal_ms(1_723_161_255_342_999) == 1_723_161_255_342
    assert parse_trade(changed(SPOT_TRADE, T=1_723_161_255_342_999)).traded_at_ms == 1_723_161_255_342


@pytest.mark.parametrize(("kind", "counts"), [("MARKET", True), ("INSURANCE_FUND", False), ("NA", False)])
def test_a_futures_trade_off_the_book_is_read_and_does_not_count(kind: str, counts: bool) -> None:  # noqa: FBT001
    assert parse_trade(changed(SPOT_TRADE, X=kind)).counts is counts


def test_every_futures_trade_of_the_capture_is_read_and_counts() -> None:
    lines = gzip.decompress(USDM.read_bytes()).splitlines()

    trades = [parse_trade(open_envelope(line.split(b" ", 1)[1]).data) for line in lines]

    assert len(trades) == 10_701
    assert all(trade.counts for trade in trades)
    assert {after.trade_id - before.trade_id for before, after in pairwise(trades)} == {1}


@pytest.mark.parametrize(
    "fields",
    [
        {"e": "aggTrade"},
        {"t": -1},
        {"t": 2**63},
        {"t": "7"},
        {"t": None},
        {"T": 0},
        {"T": -1},
        {"T": 10**30},
        {"T": 1.5},
        {"s": ""},
        {"s": 7},
        {"p": 1.5},
        {"p": "NaN"},
        {"p": "1e5"},
        {"p": "-1"},
        {"q": ""},
        {"q": "0.123456789"},
        {"q": "1234567890123"},
        {"m": "true"},
        {"m": None},
    ],
)
def test_a_trade_with_a_field_missing_of_another_type_or_out_of_range_is_malformed(fields: dict[str, object]) -> None:
    frame = changed(SPOT_TRADE, **fields)

    with pytest.raises(MalformedFrame) as caught:
        parse_trade(frame)

    assert caught.value.frame == frame


@given(st.binary(max_size=60))
def test_whatever_bytes_come_they_are_malformed_and_nothing_else(message: bytes) -> None:
    for parse in (parse_trade, parse_ticker):
        with pytest.raises(MalformedFrame):
            parse(message)
    with suppress(MalformedFrame):  # an object without any of the fields opens, and holds nothing
        assert open_envelope(message) == Envelope()
    assert not is_answer(message)


@pytest.mark.parametrize("frame", [b"", b"null", b"[]", b'{"stream":1}', b'{"stream":"a","data":', b'{"x":' * 100_000])
def test_what_is_no_envelope_is_malformed(frame: bytes) -> None:
    with pytest.raises(MalformedFrame):
        open_envelope(frame)


def test_a_ticker_is_read_with_the_time_it_is_as_of() -> None:
    ticker = parse_ticker(TICKER)

    assert (ticker.event_at_ms, ticker.closed_at_ms) == (1_580_254_809_477, 1_580_254_809_456)
    assert (ticker.first_trade_id, ticker.last_trade_id, ticker.trade_count) == (235_294_268, 235_894_703, 600_436)
    assert (ticker.price_change, ticker.price_change_pct) == (Decimal("420.97"), Decimal("4.720"))
    assert (ticker.last_price, ticker.quote_volume) == (Decimal("9338.96"), Decimal("654275356.16896672"))


def test_a_ticker_of_a_day_without_trades_is_read() -> None:
    assert parse_ticker(changed(TICKER, F=-1, L=-1, n=0, p="-1.5")).last_trade_id == -1


@pytest.mark.parametrize(
    "fields", [{"e": "1hTicker"}, {"L": None}, {"C": "now"}, {"c": "NaN"}, {"h": "Infinity"}, {"P": "sNaN"}]
)
def test_a_ticker_with_a_field_that_is_none_of_its_kind_is_malformed(fields: dict[str, object]) -> None:
    with pytest.raises(MalformedFrame):
        parse_ticker(changed(TICKER, **fields))


@pytest.mark.parametrize(
    "message", [b'{"result":null,"id":1}', b'{"error":{"code":2,"msg":"no"},"id":4}', b'{"code":2,"msg":"no"}']
)
def test_answers_to_our_messages_are_told_from_frames(message: bytes) -> None:
    assert is_answer(message)
    assert not is_answer(b'{"stream":"btcusdt@trade","data":{"id":1}}')
    assert not is_answer(b'{"e":"serverShutdown","E":1}')


@given(st.integers(0, 10**12 - 1), st.integers(0, 10**8 - 1), st.integers(0, 8))
def test_an_amount_is_exactly_what_is_written(whole: int, fraction: int, places: int) -> None:
    text = f"{whole}.{fraction:08}"[: len(str(whole)) + 1 + places]

    assert amount(text) == Decimal(text)


@pytest.mark.parametrize("text", ["", ".", ".5", "+1", " 1", "1 ", "1_0", "1,5", "1.2.3", "0x1", "١", "1.-5"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        amount(text)
