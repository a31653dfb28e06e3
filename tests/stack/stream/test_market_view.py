"""The driver's view of the market, over a real Kafka."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal

import msgspec
import pytest

from tests.candles import minute
from tests.running import wait_until
from wickstream.bus.codec import encode
from wickstream.bus.producer import IdempotentProducer, Record, TransactionalProducer
from wickstream.bus.topics import FEED_GAPS, PROCESSED_AGGS, create_topics
from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.events import Gap, GapStatus
from wickstream.stream.market_view import MarketView
from wickstream.stream.thresholds import ThresholdRow
from wickstream.threshold_settings import AlertMode

pytestmark = pytest.mark.stack


@pytest.fixture
def bus(settings: Settings, kafka: str) -> Settings:
    """Settings of a broker with our topics."""
    create_topics(kafka)
    return settings


def publish(bus: Settings, *candles: Candle) -> None:
    producer = IdempotentProducer(bus.kafka)
    for candle in candles:
        producer.publish(Record(PROCESSED_AGGS, candle.symbol, encode(candle)))
    producer.flush()


@contextmanager
def following(bus: Settings, told: list[Sequence[ThresholdRow]] | None = None) -> Iterator[MarketView]:
    view, stopping = MarketView(bus, on_change=([] if told is None else told).append), threading.Event()
    view.catch_up()
    view.follow(stopping)
    yield view
    stopping.set()
    view.join(patience_s=30)
    assert not view.is_following


def row_of(view: MarketView, symbol: str) -> ThresholdRow | None:
    return next((row for row in view.thresholds() if row.symbol == symbol), None)


def test_prices_are_there_after_catching_up_and_new_ones_are_told(bus: Settings) -> None:
    told: list[Sequence[ThresholdRow]] = []
    publish(bus, minute("GBPUSDT", close=Decimal("1.25")), minute("SOLGBP", close=Decimal(100)))
    with following(bus, told) as view:
        assert len(told) == 1
        known = row_of(view, "SOLGBP")
        assert known is not None
        assert known.usd_per_quote == Decimal("1.25")
        publish(bus, minute("GBPUSDT", 1, close=Decimal("1.5")))
        wait_until(lambda: (row := row_of(view, "SOLGBP")) is not None and row.usd_per_quote == Decimal("1.5"))
    assert told[-1] == view.thresholds()


def gap(status: GapStatus, symbol: str = "GAPUSDT") -> Gap:
    return Gap(symbol, 10, 20, None, 1, status)


def test_an_open_hole_is_seen_until_it_is_filled_and_an_aborted_one_never(bus: Settings) -> None:
    shard = TransactionalProducer(bus.kafka, transactional_id="test-market-view")
    shard.fence()
    shard._producer.begin_transaction()
    shard._producer.produce(FEED_GAPS, encode(gap(GapStatus.OPEN, "ABORTEDUSDT")), "ABORTEDUSDT")
    shard._producer.flush(10)
    shard._producer.abort_transaction(10)
    producer = IdempotentProducer(bus.kafka)
    producer.publish(Record(FEED_GAPS, "GAPUSDT", encode(gap(GapStatus.OPEN))))
    producer.flush()
    with following(bus) as view:
        assert view.open_holes("GAPUSDT") == (gap(GapStatus.OPEN),)
        producer.publish(Record(FEED_GAPS, "GAPUSDT", encode(gap(GapStatus.REPAIRED))))
        producer.flush()
        wait_until(lambda: view.open_holes("GAPUSDT") == ())
        assert view.open_holes("ABORTEDUSDT") == ()


def test_in_adaptive_mode_the_last_days_minutes_are_learnt_beside(bus: Settings) -> None:
    minutes = [minute("USUALUSDT", number, quote_volume=Decimal(2_000_000)) for number in range(90)]
    growing = [msgspec.structs.replace(candle, closed=False, quote_volume=Decimal(1)) for candle in minutes]
    publish(bus, *growing, *minutes)
    adaptive = bus.model_copy(update={"alert_mode": AlertMode.ADAPTIVE})
    with following(adaptive) as view:
        first = row_of(view, "USUALUSDT")
        assert first is not None
        assert first.whale_usd == 100_000
        wait_until(lambda: (row := row_of(view, "USUALUSDT")) is not None and row.whale_usd == 2_000_000)
