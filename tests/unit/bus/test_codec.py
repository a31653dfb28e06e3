from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sample_market import a_candle
from wickstream.bus.codec import decode, encode
from wickstream.candle import Candle, Origin
from wickstream.errors import Unpublishable
from wickstream.events import Alert, AlertType, Author, Gap, GapStatus, Mark, SymbolEvent

AMOUNTS = st.decimals(0, 10**20, places=12, allow_nan=False) | st.integers(0, 10**30).map(Decimal)
IDS = st.integers(0, 2**63 - 1)
MARKS = st.builds(
    Mark, st.text(), IDS, IDS, IDS, IDS, st.integers(0, 2**80), st.integers(-(2**63), 2**63 - 1), AMOUNTS, IDS
)
GAPS = st.builds(
    Gap,
    st.text(),
    *(st.none() | IDS,) * 3,
    IDS,
    st.sampled_from(GapStatus),
    *(st.none() | st.text(),) * 2,
)
CANDLES = st.builds(
    Candle,
    st.text(),
    st.sampled_from(("1m", "1M")),
    *(IDS,) * 2,
    *(AMOUNTS,) * 6,
    IDS,
    *(AMOUNTS,) * 2,
    *(st.none() | IDS,) * 2,
    st.booleans(),
    IDS,
    st.sampled_from(Origin),
    IDS,
)


EVENTS = st.builds(
    SymbolEvent,
    st.text(),
    st.sampled_from(Author),
    st.text(),
    IDS,
    st.none() | st.booleans(),
    *(st.none() | st.text(),) * 2,
    st.none() | IDS,
)


ALERTS = st.builds(
    Alert,
    st.text(),
    st.sampled_from(AlertType),
    st.text(),
    IDS,
    *(AMOUNTS,) * 2,
    st.dictionaries(st.text(), st.text() | IDS),
    *(st.booleans(),) * 2,
    *(IDS,) * 2,
)


@given(MARKS | GAPS | CANDLES | EVENTS | ALERTS)
def test_every_record_comes_back_equal(record: Any) -> None:
    assert decode(encode(record), type(record)) == record


def test_amounts_are_strings_as_the_exchange_writes_them() -> None:
    value = msgspec.json.decode(encode(a_candle()))

    assert value["close"] == "102.50000000"
    assert value["volume"] == "4.00000000"
    assert value["origin"] == "trades"
    assert value["closed"] is True


def test_the_sum_of_ids_of_a_busy_minute_is_kept_to_the_last_digit() -> None:
    mark = Mark("BTCUSDT", 0, 1, 2, 2, 2**63 + 1, -(2**63), Decimal(1), 3)

    assert decode(encode(mark), Mark) == mark


def test_fields_a_newer_writer_adds_are_ignored() -> None:
    value = msgspec.json.encode(msgspec.json.decode(encode(a_candle())) | {"colour": "red"})

    assert decode(value, Candle) == a_candle()


@pytest.mark.parametrize("kind", [Candle, Mark, Gap, SymbolEvent, Alert])
@pytest.mark.parametrize(
    "value", [None, b"", b"null", b"{}", b"[1]", b"\xff", b'{"symbol":"\xff"}', b'{"x":' * 100_000]
)
def test_what_is_no_record_is_unpublishable_and_nothing_else(kind: Any, value: bytes | None) -> None:
    with pytest.raises(Unpublishable):
        decode(value, kind)
