"""What no tier will take is told apart before it reaches one."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from confluent_kafka import Message

from tests.alerts import whale
from tests.candles import MIDNIGHT_MS, minute
from wickstream.bus.codec import encode
from wickstream.bus.topics import MINUTE_MARKS, SYMBOL_EVENTS
from wickstream.errors import Unpublishable
from wickstream.events import Author, Mark, SymbolEvent
from wickstream.store.intake import Batch, batch_of, require_storable, require_tellable


@pytest.mark.parametrize(
    "fields",
    [
        {"symbol": ""},
        {"symbol": "A\0B"},
        {"interval": "5m"},
        {"open_time": 1},
        {"open_time": 253_402_300_800_000, "close_time": 253_402_300_859_999},
        {"close_time": 5},
        {"trade_count": -1},
        {"trade_count": 11},
        {"trade_count": 2**60, "last_trade_id": 2**61},
        {"first_trade_id": None},
        {"revision": 2**31},
        {"close": Decimal("NaN")},
        {"close": Decimal("1.123456789")},
        {"close": Decimal("1E12")},
        {"volume": Decimal("1E20")},
        {"quote_volume": Decimal("0.00000000000000001")},
    ],
)
def test_a_candle_that_a_tier_would_refuse_or_change_is_unpublishable(fields: dict[str, Any]) -> None:
    with pytest.raises(Unpublishable):
        require_storable(minute(**fields))


@pytest.mark.parametrize(
    "fields",
    [
        {"symbol": "币安人生USDT"},
        {"trade_count": 0, "first_trade_id": 5, "last_trade_id": 4},
        {"trade_count": 0, "first_trade_id": 0, "last_trade_id": -1},
        {"first_trade_id": None, "last_trade_id": None},
        {"close": Decimal("1.1234567800000")},
        {"close": Decimal("1E11")},
        {"volume": Decimal(0)},
    ],
)
def test_quiet_minutes_and_unusual_spellings_are_storable(fields: dict[str, Any]) -> None:
    require_storable(minute(**fields))


@pytest.mark.parametrize(
    "fields",
    [
        {"symbol": ""},
        {"symbol": "A\nB"},
        {"alert_id": ""},
        {"alert_id": "x" * 201},
        {"alert_id": "a\r\nb"},
        {"at": -1},
        {"at": 253_402_300_800_000},
        {"trade_count": -1},
        {"revision": 2**31},
        {"value": Decimal("NaN")},
        {"threshold": Decimal("1E+64")},
        {"value": Decimal("1E-64")},
        {"facts": {"side": "a\0b"}},
        {"facts": {"": "x"}},
        {"facts": {"a\0b": "x"}},
        {"facts": {"id": 2**54}},
    ],
)
def test_an_alert_that_the_table_or_a_sink_would_refuse_is_unpublishable(fields: dict[str, Any]) -> None:
    with pytest.raises(Unpublishable):
        require_tellable(whale(**fields))


@pytest.mark.parametrize("fields", [{}, {"facts": {}}, {"symbol": "币安人生USDT"}, {"value": Decimal(0)}])
def test_any_other_is_not(fields: dict[str, Any]) -> None:
    require_tellable(whale(**fields))


MARK = Mark("BTCUSDT", MIDNIGHT_MS, 1, 10, 10, 55, 0, Decimal("1.5"), 11)


def taken(value: bytes, *, since: bytes | None = None) -> Batch:
    headers: list[tuple[str, str | bytes | None]] = [("since", since)]
    return batch_of([Message(topic=MINUTE_MARKS, partition=0, offset=3, value=value, headers=headers)])


@pytest.mark.parametrize(
    "fields",
    [
        {"symbol": ""},
        {"open_time": -1},
        {"open_time": 253_402_300_800_000},
        {"last_trade_id": 2**60},
        {"id_sum": -1},
        {"id_sum": 10**4_000},
        {"id_hash": 2**63},
        {"close": Decimal("1E+200000")},
        {"close": Decimal("NaN")},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_a_mark_that_the_table_would_refuse_is_set_aside_and_passed(fields: dict[str, Any]) -> None:
    batch = taken(encode(msgspec.structs.replace(MARK, **fields)))

    assert (batch.marks, len(batch.rejected)) == ([], 1)
    assert set(batch.positions.values()) == {4}


@pytest.mark.parametrize(
    ("since", "expected"), [(None, None), (b"17", 17), (b"\xb2", None), (b"9" * 5_000, None), (b"", None)]
)
def test_when_a_marks_trades_were_published_is_known_only_from_a_time(
    since: bytes | None, expected: int | None
) -> None:
    (mark,) = taken(encode(MARK), since=since).marks

    assert getattr(mark, "since", "nothing") == expected


EVENT = SymbolEvent("BTCUSDT", Author.EXCHANGE, "TRADING", 5, chosen=True, chosen_by="quote=USDT:top=5", shard="0/1")


def told(event: SymbolEvent) -> Batch:
    return batch_of([Message(topic=SYMBOL_EVENTS, partition=0, offset=3, value=encode(event))])


@pytest.mark.parametrize(
    "event",
    [
        EVENT,
        SymbolEvent("币安人生USDT", Author.OPERATOR, "removed", 5),
        SymbolEvent("BTCUSDT", Author.CONNECTOR, "started", 5, chosen=True, next_trade_id=7),
        SymbolEvent("BTCUSDT", Author.CONNECTOR, "stopped", 5, chosen=False, next_trade_id=9),
    ],
    ids=lambda event: event.status,
)
def test_what_becomes_of_a_symbol_is_history(event: SymbolEvent) -> None:
    assert told(event).events == [event]


def test_what_connectors_note_for_themselves_is_none() -> None:
    takes_over = SymbolEvent("", Author.CONNECTOR, "took over", 5)
    silent = SymbolEvent("BTCUSDT", Author.CONNECTOR, "silent", 5, chosen=True, next_trade_id=7)

    for event in (takes_over, silent):
        batch = told(event)
        assert (batch.events, batch.rejected, set(batch.positions.values())) == ([], [], {4})


@pytest.mark.parametrize(
    "fields",
    [
        {"symbol": "A\0B"},
        {"since": -1},
        {"next_trade_id": 2**60},
        {"status": "a\0b"},
        {"chosen_by": "x" * 201},
        {"shard": "0\n/1"},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_an_event_that_the_table_would_refuse_is_set_aside(fields: dict[str, Any]) -> None:
    batch = told(msgspec.structs.replace(EVENT, **fields))

    assert (batch.events, len(batch.rejected)) == ([], 1)
