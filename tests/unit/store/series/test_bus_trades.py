"""Trades that Kafka has and the archive has not yet."""

from collections.abc import Iterator

from confluent_kafka import Message
from hypothesis import given
from hypothesis import strategies as st

from tests.raw_trades import record, trade_value
from wickstream.store.series.bus_trades import found
from wickstream.store.series.trade_series import lacking_ids


@given(st.lists(st.integers(0, 30)), st.sets(st.integers(0, 30)))
def test_what_is_missing_is_found_once_however_often_it_comes(published: list[int], held: set[int]) -> None:
    missing = lacking_ids(range(31), held)
    records = [record(trade_value(number)) for number in published]
    trades = found(records, "BTCUSDT", missing)
    assert [trade.trade_id for trade in trades] == sorted(set(published) - held)


def test_other_symbols_and_what_is_no_trade_are_passed_over() -> None:
    records = [
        record(trade_value(5, "ETHUSDT"), key=b"ETHUSDT"),
        record(b"no trade"),
        record(None),
        record(trade_value(5)),
    ]
    assert [trade.trade_id for trade in found(records, "BTCUSDT", [(0, 9)])] == [5]


def test_nothing_is_read_behind_the_last_that_was_missing() -> None:
    def records() -> Iterator[Message]:
        yield from (record(trade_value(number)) for number in (1, 2))
        raise AssertionError("read on")

    assert len(found(records(), "BTCUSDT", [(1, 1), (2, 2)])) == 2
