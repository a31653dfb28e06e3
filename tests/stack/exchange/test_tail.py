"""What a restarted connector finds in Kafka."""

import time
from decimal import Decimal

import pytest

from wickstream.bus import topics
from wickstream.bus.codec import encode
from wickstream.bus.producer import Record, TransactionalProducer
from wickstream.events import MINUTE_MS, Mark, SymbolEvent
from wickstream.exchange.tail import has_twin, read_tails

pytestmark = pytest.mark.stack

START_MS = 1_723_161_300_000


def trade(symbol: str, trade_id: int) -> Record:
    time_ms = START_MS + trade_id * 10_000
    value = b'{"e":"trade","E":%d,"s":"%b","t":%d,"p":"1.0","q":"2.0","T":%d,"m":true,"M":true}'
    return Record(topics.RAW_TRADES, symbol, value % (time_ms, symbol.encode(), trade_id, time_ms))


def mark(symbol: str, first: int, count: int = 6) -> Record:
    record = Mark(
        symbol=symbol,
        open_time=START_MS + first * 10_000,
        first_trade_id=first,
        last_trade_id=first + count - 1,
        trade_count=count,
        id_sum=sum(range(first, first + count)),
        close=Decimal("1.0"),
        next_trade_id=first + count,
    )
    return Record(topics.MINUTE_MARKS, symbol, encode(record))


def started(symbol: str) -> Record:
    return Record(topics.SYMBOL_EVENTS, symbol, encode(SymbolEvent(symbol, "TRADING", START_MS, chosen=True)))


@pytest.fixture(scope="module")
def producer(kafka: str) -> TransactionalProducer:
    topics.create_topics(kafka)
    producer = TransactionalProducer(kafka, transactional_id="test-tail")
    producer.fence()
    return producer


def test_a_symbol_nobody_published_is_cold(kafka: str, producer: TransactionalProducer) -> None:
    assert read_tails(kafka, ["NEVERUSDT"])["NEVERUSDT"].is_cold


def test_the_newest_mark_and_the_trades_since_are_found(kafka: str, producer: TransactionalProducer) -> None:
    producer.publish([started("AUSDT"), *(trade("AUSDT", i) for i in range(12)), mark("AUSDT", 0), mark("AUSDT", 6)])
    producer.publish([trade("AUSDT", 12), trade("AUSDT", 13)])

    tail = read_tails(kafka, ["AUSDT"])["AUSDT"]

    assert tail.mark is not None
    assert tail.mark.open_time == START_MS + MINUTE_MS
    assert [found.trade_id for found in tail.trades] == [12, 13]


def test_a_corrected_mark_is_the_newer_one(kafka: str, producer: TransactionalProducer) -> None:
    producer.publish([started("BUSDT"), *(trade("BUSDT", i) for i in range(8))])
    producer.publish([mark("BUSDT", 0, count=6)])
    producer.publish([mark("BUSDT", 0, count=7)])

    tail = read_tails(kafka, ["BUSDT"])["BUSDT"]

    assert tail.mark is not None
    assert tail.mark.trade_count == 7


def test_a_symbol_killed_before_its_first_mark_is_not_cold(kafka: str, producer: TransactionalProducer) -> None:
    producer.publish([started("CUSDT"), trade("CUSDT", 0), trade("CUSDT", 1)])

    tail = read_tails(kafka, ["CUSDT"])["CUSDT"]

    assert tail.mark is None
    assert [found.trade_id for found in tail.trades] == [0, 1]


def test_a_twin_is_told_from_ourselves(kafka: str, producer: TransactionalProducer) -> None:
    before_ms = int(time.time() * 1_000)
    producer.publish([Record(topics.RAW_TICKERS, "AUSDT", b"{}", (("instance", b"me"),))])
    assert not has_twin(kafka, instance="me", since_ms=before_ms)

    producer.publish([Record(topics.RAW_TICKERS, "AUSDT", b"{}", (("instance", b"other"),))])
    assert has_twin(kafka, instance="me", since_ms=before_ms)
