from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wickstream.binance.frames import MICROSECONDS_FROM, parse_trade
from wickstream.errors import MalformedFrame
from wickstream.events import Source
from wickstream.exchange.sequencing.arrival import HELD_OVERHEAD_BYTES, Arrival, Run

AMOUNTS = st.decimals(Decimal(0), Decimal(10**9), places=8).map(lambda number: format(number, "f"))


@st.composite
def trades(draw: st.DrawFn) -> bytes:
    """`data` of a trade frame, of Spot or futures, in ms or µs."""
    kind = draw(st.sampled_from(("", "MARKET", "INSURANCE_FUND")))
    fields = {
        "e": "trade",
        "E": 9,
        "s": draw(st.sampled_from(("BTCUSDT", "币安人生USDT"))),
        "t": draw(st.integers(0, 2**63 - 1)),
        "p": draw(AMOUNTS),
        "q": draw(AMOUNTS),
        "T": draw(st.integers(1, 2**53)),
        "m": draw(st.booleans()),
    }
    return msgspec.json.encode(fields | ({"X": kind} if kind else {}))


@given(trades())
def test_what_is_read_of_a_trade_is_what_parsing_it_says(data: bytes) -> None:
    arrival, trade = Arrival.read(data, Source.WS, 7), parse_trade(data)

    assert arrival.trade == trade
    assert (arrival.symbol, arrival.trade_id) == (trade.symbol, trade.trade_id)
    assert (arrival.traded_at_ms, arrival.counts) == (trade.traded_at_ms, trade.counts)
    assert Decimal(arrival.price) == trade.price
    assert (arrival.data, arrival.source, arrival.ingested_at_us) == (data, Source.WS, 7)


@given(trades())
def test_read_from_its_bytes_or_made_of_a_parsed_trade_it_is_the_same(data: bytes) -> None:
    read = Arrival.read(data, Source.REST, 7)

    assert Arrival.of(parse_trade(data), data, Source.REST, 7) == read


def test_a_time_in_microseconds_is_read_in_milliseconds() -> None:
    data = b'{"e":"trade","E":9,"s":"A","t":1,"p":"1.5","q":"2","T":%d,"m":true}' % (MICROSECONDS_FROM + 999)

    assert Arrival.read(data, Source.WS, 0).traded_at_ms == MICROSECONDS_FROM // 1_000


@pytest.mark.parametrize("data", [b"", b"{}", b'{"e":"aggTrade","E":9,"s":"A","t":1,"p":"1","q":"2","T":1,"m":true}'])
def test_what_is_no_trade_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedFrame):
        Arrival.read(data, Source.WS, 0)


def test_holding_one_costs_its_bytes_and_some_more() -> None:
    data = b'{"e":"trade","E":9,"s":"A","t":1,"p":"1.5","q":"2","T":9,"m":true}'

    assert Arrival.read(data, Source.WS, 0).held_bytes == len(data) + HELD_OVERHEAD_BYTES


def test_the_ids_of_a_run_follow_its_first() -> None:
    assert list(Run(7, [b"a", b"b", b"c"], Source.WS, 0).ids) == [7, 8, 9]
