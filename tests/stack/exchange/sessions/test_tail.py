"""What a restarted connector finds in Kafka; `tests/unit` has every case, here it is the real one."""

import time
from decimal import Decimal

import pytest

from tests.id_hash import id_hash
from tests.unit.exchange.made_exchange import MIDNIGHT_MS, trade_data
from wickstream.bus import topics
from wickstream.bus.codec import encode
from wickstream.bus.history import History
from wickstream.bus.producer import Batch, Record, TransactionalProducer
from wickstream.events import MINUTE_MS, Author, Gap, GapStatus, Mark, SymbolEvent
from wickstream.exchange.sessions.instance import Instance
from wickstream.exchange.sessions.tail import STARTED, Tail, find_layouts, has_twin, read_tails

pytestmark = pytest.mark.stack


def trades(symbol: str, *ids: int) -> Batch:
    return Batch(topics.RAW_TRADES, symbol, [trade_data(one, one * 10_000, symbol) for one in ids])


def mark(symbol: str, first: int, *, writer: Instance | None = None, since_ms: int | None = None) -> Record:
    """Of a minute with a trade each 10 s, the first of them with this id."""
    ids, open_time = range(first, first + 6), MIDNIGHT_MS + first // 6 * MINUTE_MS
    value = Mark(symbol, open_time, first, ids[-1], 6, sum(ids), id_hash(ids), Decimal("1.5"), first + 6)
    headers = writer.headers if writer else []
    since = [] if since_ms is None else [("since", str(since_ms).encode())]
    return Record(topics.MINUTE_MARKS, symbol, encode(value), [*headers, *since])


def event(status: str, next_id: int | None, symbol: str, *, author: Author = Author.CONNECTOR) -> Record:
    value = SymbolEvent(symbol, author, status, MIDNIGHT_MS, next_trade_id=next_id)
    return Record(topics.SYMBOL_EVENTS, value.key, encode(value))


def missing(symbol: str, first: int, last: int) -> Record:
    return Record(topics.FEED_GAPS, symbol, encode(Gap(symbol, first, last, None, 1, GapStatus.OPEN)))


def word_of(writer: Instance) -> Record:
    """That it took over."""
    value = SymbolEvent("", Author.CONNECTOR, "taking over", MIDNIGHT_MS)
    return Record(topics.SYMBOL_EVENTS, writer.key, encode(value), writer.headers)


@pytest.fixture(scope="module")
def producer(kafka: str) -> TransactionalProducer:
    topics.create_topics(kafka)
    producer = TransactionalProducer(kafka, transactional_id="test-tail")
    producer.fence()
    return producer


def tail(kafka: str, symbol: str) -> Tail:
    with History(kafka) as history:
        return read_tails(history, [symbol], producers_ms=int(time.time() * 1_000))[symbol]


def ids(found: Tail) -> list[int]:
    return [arrival.trade_id for arrival in found.trades]


def test_a_symbol_nobody_published_is_cold(kafka: str, producer: TransactionalProducer) -> None:
    producer.publish([event("TRADING", None, "NEVERUSDT", author=Author.EXCHANGE)])

    assert tail(kafka, "NEVERUSDT") == Tail()


def test_the_newest_mark_the_trades_and_the_gaps_since_are_found(kafka: str, producer: TransactionalProducer) -> None:
    producer.publish([event(STARTED, 0, "AUSDT"), trades("AUSDT", *range(12)), mark("AUSDT", 0), mark("AUSDT", 6)])
    producer.publish([trades("AUSDT", 12, 13, 16), missing("AUSDT", 14, 15)])

    found = tail(kafka, "AUSDT")

    assert found.mark is not None
    assert (found.mark.open_time, found.next_id, found.is_cold) == (MIDNIGHT_MS + MINUTE_MS, 12, False)
    assert ids(found) == [12, 13, 16]
    assert [(gap.first_trade_id, gap.last_trade_id) for gap in found.listed] == [(14, 15)]


def test_a_symbol_killed_before_its_first_mark_is_not_cold(kafka: str, producer: TransactionalProducer) -> None:
    producer.publish([event(STARTED, 5, "CUSDT"), trades("CUSDT", 5, 6)])

    found = tail(kafka, "CUSDT")

    assert (found.mark, found.next_id, ids(found)) == (None, 5, [5, 6])


def test_what_follows_a_mark_that_waited_for_its_proof_is_found(kafka: str, producer: TransactionalProducer) -> None:
    producer.publish([event(STARTED, 0, "DUSDT")])
    since_ms = int(time.time() * 1_000)
    producer.publish([trades("DUSDT", *range(9))])
    producer.publish([mark("DUSDT", 0, since_ms=since_ms)])

    found = tail(kafka, "DUSDT")

    assert (found.written_ms, ids(found)) == (since_ms, [6, 7, 8])


def test_what_was_sent_and_never_committed_is_not_there(kafka: str) -> None:
    topics.create_topics(kafka)
    dying = TransactionalProducer(kafka, transactional_id="test-tail-dying")
    dying.fence()
    dying.publish([event(STARTED, 1, "EUSDT"), trades("EUSDT", 1)])
    dying._producer.begin_transaction()
    dying._producer.produce(topics.RAW_TRADES, trade_data(2, 20_000, "EUSDT"), "EUSDT")
    dying._producer.flush(10)
    successor = TransactionalProducer(kafka, transactional_id="test-tail-dying")
    successor.fence()

    assert ids(tail(kafka, "EUSDT")) == [1]


def test_the_layouts_that_wrote_marks_are_known(kafka: str, producer: TransactionalProducer) -> None:
    writers = {Instance("tail-test", shard, 2, "aa") for shard in (0, 1)}
    producer.publish([mark("FUSDT", 0, writer=writer) for writer in writers])
    producer.publish([mark("FUSDT", 6), mark("FUSDT", 12)._replace(headers=[("instance", b"nobody")])])

    assert {writer for writer in find_layouts(kafka) if writer.market == "tail-test"} == writers


def test_whoever_took_over_after_us_is_a_twin_and_nobody_else(kafka: str, producer: TransactionalProducer) -> None:
    before_ms = int(time.time() * 1_000)
    me, earlier = Instance("twins", 0, 2, "aa"), Instance("twins", 0, 2, "bb")
    producer.publish([word_of(earlier), word_of(me), word_of(Instance("twins", 1, 2, "cc"))])
    assert not has_twin(kafka, me, since_ms=before_ms)

    producer.publish([word_of(Instance("twins", 0, 2, "dd"))])
    assert has_twin(kafka, me, since_ms=before_ms)
