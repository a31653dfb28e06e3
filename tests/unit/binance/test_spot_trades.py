"""Trades of Spot, decoded in one go: what comes out is what each says on its own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wickstream.binance.frames import (
    SpotTrade,
    decode_spot_data,
    decode_spot_trades,
    decode_trade,
    open_envelope,
    spot_trade_begins,
)

Read = tuple[str, int, str, str, int, bool]


def data(trade_id: int, price: str = "1.50000000", symbol: str = "BTCUSDT") -> bytes:
    """As Spot writes it, to the byte."""
    told = f'"E":9,"s":"{symbol}","t":{trade_id},"p":"{price}","q":"0.02000000","T":1723161255342,"m":true,"M":true'
    return f'{{"e":"trade",{told}}}'.encode()


def enveloped(inside: bytes, stream: str = "btcusdt@trade") -> bytes:
    return b'{"stream":"%b","data":%b}' % (stream.encode(), inside)


def spot_frame(trade_id: int, price: str = "1.50000000", symbol: str = "BTCUSDT") -> bytes:
    return enveloped(data(trade_id, price, symbol), f"{symbol.lower()}@trade")


def each_on_its_own(frame: bytes) -> Read:
    _, data_at = spot_trade_begins(open_envelope(frame).stream or "")
    trade = decode_trade(frame[data_at:-1])
    return trade.symbol, trade.trade_id, trade.price, trade.quantity, trade.traded_at, trade.buyer_is_maker


def all_at_once(frames: list[bytes]) -> list[Read] | None:
    trades = decode_spot_trades(frames)
    if trades is None:
        return None
    found = [trade for trade in trades if isinstance(trade, SpotTrade)]
    assert len(found) == len(frames)
    return [(t.symbol, t.trade_id, t.price, t.quantity, t.traded_at, t.buyer_is_maker) for t in found]


WELL_WRITTEN = st.builds(
    lambda trade_id, whole, fraction, places, symbol: spot_frame(
        trade_id, f"{whole}.{f'{fraction:08}'[:places]}", symbol
    ),
    st.integers(0, 2**63 - 1),
    st.integers(0, 10**12 - 1),
    st.integers(0, 10**8 - 1),
    st.integers(1, 8),
    st.sampled_from(("BTCUSDT", "1INCHUSDT", "币安人生USDT")),
)


@given(st.lists(WELL_WRITTEN, min_size=1, max_size=20))
def test_frames_as_the_exchange_writes_them_are_decoded_in_one_go(frames: list[bytes]) -> None:
    assert all_at_once(frames) == [each_on_its_own(frame) for frame in frames]


@pytest.mark.parametrize(
    "price",
    [
        "",
        ".",
        "1",
        "1.",
        "1.500000001",
        ".50000000",
        "-1.50000000",
        "+1.50000000",
        " 1.50000000",
        "1,50000000",
        "1e5.00000000",
        "1.5000000٣",
        "1.50000000.00000000",
        "1.50000000,1.50000000",
        "1234567890123.00000000",
        "NaN",
    ],
)
def test_an_amount_that_is_written_in_another_way_sends_all_of_them_the_slow_way(price: str) -> None:
    assert decode_spot_trades([spot_frame(1), spot_frame(2, price), spot_frame(3)]) is None


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"garbage",
        data(2),
        spot_frame(2)[:-1],
        spot_frame(2) + b"," + spot_frame(3),
        spot_frame(2).replace(b'"t":2', b'"t":"2"'),
        spot_frame(2).replace(b'"m":true,', b""),
        spot_frame(2).replace(b'"s":"BTCUSDT"', b'"s":"\xff"'),
        spot_frame(2).replace(b'{"stream"', b'{"id":1,"stream"'),
        spot_frame(2).replace(b'"m":true', b'"X":"INSURANCE_FUND","m":true'),
        spot_frame(2)[:-1] + b',"more":{}}',
        enveloped(b'{"e":"aggTrade","E":1,"s":"BTCUSDT"}', "btcusdt@aggTrade"),
        b'{"result":null,"id":1}',
    ],
)
def test_what_is_no_trade_of_spot_is_not_decoded_with_those_that_are(frame: bytes) -> None:
    assert decode_spot_trades([spot_frame(1), frame, spot_frame(4)]) is None


def test_a_ticker_among_them_stands_as_a_trade_that_is_never_the_next_one() -> None:
    ticker = enveloped(b'{"e":"24hrTicker","E":1,"s":"ETHUSDT","C":1,"L":1}', "ethusdt@ticker")

    trades = decode_spot_trades([spot_frame(1), ticker, spot_frame(2)])

    assert trades is not None
    assert [(trade.symbol, trade.trade_id) for trade in trades] == [("BTCUSDT", 1), ("ETHUSDT", -1), ("BTCUSDT", 2)]


def test_every_frame_of_a_stream_begins_alike_and_its_data_lies_between() -> None:
    begins, data_at = spot_trade_begins("btcusdt@trade")

    assert spot_frame(2).startswith(begins)
    assert spot_frame(2)[data_at:-1] == data(2)


INSTEAD = (b"", b'"', b"}", b"{", b",", b"0", b".", b"-", b"\\", b"\xc3", b" ", b'"x":1,', b'}},{"stream":"')


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A trade's frame in which some bytes are others, more or fewer."""
    frame = bytearray(draw(WELL_WRITTEN))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(frame)))
        frame[at : at + draw(st.integers(0, 4))] = draw(st.sampled_from(INSTEAD))
    return bytes(frame)


@given(st.lists(st.one_of(WELL_WRITTEN, damaged()), min_size=1, max_size=6))
def test_frames_that_are_decoded_in_one_go_say_what_each_says_on_its_own(frames: list[bytes]) -> None:
    """Those that begin and end as a stream's do, with an id and a time within range: who reads them asks for that."""
    trades = all_at_once(frames)
    for frame, trade in zip(frames, trades or [], strict=trades is not None):
        begins, _ = spot_trade_begins(f"{trade[0].lower()}@trade")
        is_of_its_stream = frame.startswith(begins) and frame.endswith(b"}")
        if is_of_its_stream and 0 <= trade[1] < 2**63 and 0 < trade[4] < 2**63:
            assert each_on_its_own(frame) == trade


@given(st.lists(WELL_WRITTEN.map(lambda frame: frame[frame.index(b'"data":') + 7 : -1]), min_size=1, max_size=20))
def test_the_data_alone_is_decoded_in_one_go_too(values: list[bytes]) -> None:
    trades = decode_spot_data(values)

    assert trades is not None
    assert [(t.symbol, t.trade_id, t.price) for t in trades] == [
        (frame.symbol, frame.trade_id, frame.price) for frame in map(decode_trade, values)
    ]


@pytest.mark.parametrize(
    "value", [b"", b"garbage", data(2, "1"), spot_frame(2), data(2) + b"," + data(3), data(2)[:-1]]
)
def test_what_is_no_data_of_a_spot_trade_is_not_decoded_with_that_which_is(value: bytes) -> None:
    assert decode_spot_data([data(1), value, data(4)]) is None
