"""Minutes without a kline: halts, told once; and candles that wait for a writer."""

import asyncio
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.candles import minute
from tests.unit.exchange.ladder_market import host_that_answers, refusing
from tests.unit.operate.backfill.halted_exchange import DAY, Halted
from wickstream.binance.archive import DAY_MS
from wickstream.bus import topics
from wickstream.bus.codec import Record, decode
from wickstream.bus.consumer import Isolation, Place, commit, open_consumer
from wickstream.bus.groups import records_behind
from wickstream.bus.history import History
from wickstream.bus.topics import FEED_GAPS, PROCESSED_AGGS, Topic, create_topics
from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.events import MINUTE_MS, Gap
from wickstream.operate.backfill import past_hour, publishing
from wickstream.operate.backfill.job import fill
from wickstream.operate.backfill.outcome import Filled, Outcome
from wickstream.operate.backfill.publishing import Publisher
from wickstream.operate.backfill.wanted import Wanted, What
from wickstream.store.tiers import Warm
from wickstream.store.warm.writer import WarmWriter

pytestmark = pytest.mark.stack


@pytest.fixture
def field(database: Settings, kafka: str, tmp_path: Path) -> Settings:
    """Settings of a database, a lake and a broker."""
    create_topics(kafka)
    return database.model_copy(update={"kafka_bootstrap_servers": kafka, "cold_url": f"file:{tmp_path / 'lake'}"})


def published(settings: Settings, topic: str, kind: type[Record]) -> list[Record]:
    """Of the symbol, which no other test has."""
    with History(settings.kafka) as history:
        starts = {partition: low for partition, (low, _) in history.bounds(topic).items()}
        records = [decode(message.value(), kind) for message in history.read(topic, starts)]
    return [one for one in records if one.symbol == symbol_of(settings)]


def symbol_of(settings: Settings) -> str:
    return f"T{settings.postgres_db.removeprefix('store_').upper()}USDT"


async def backfill(settings: Settings) -> Filled:
    told: list[Filled] = []
    wanted = Wanted((symbol_of(settings),), DAY.minutes, What.KLINES)
    await fill(settings, wanted, begin=lambda *_: None, tell=told.append)
    return told[0]


def test_a_day_with_halts_is_whole_and_one_without_a_file_comes_over_rest(field: Settings) -> None:
    halted = {DAY.starts_at, DAY.starts_at + 600 * MINUTE_MS, DAY.ends_at - MINUTE_MS}
    market = Halted(listed_at=DAY.starts_at - DAY_MS, without=halted)

    async def story() -> tuple[Filled, Filled]:
        async with host_that_answers(market.answer) as (url, _), host_that_answers(refusing(451)) as (no_archive, _):
            here = {"exchange_rest_url": url, "exchange_trades_url": url, "exchange_archive_url": no_archive}
            over_rest = await backfill(field.model_copy(update=here))
            with closing(WarmWriter(field)) as warm:
                warm.write(published(field, PROCESSED_AGGS, Candle), gaps=published(field, FEED_GAPS, Gap))
            return over_rest, await backfill(field.model_copy(update=here))

    first, again = asyncio.run(story())

    assert (first.source, first.stored, first.halts) == ("exchange", 1_437, 3)
    assert "451" in (first.note or "")
    assert {gap.open_time for gap in published(field, FEED_GAPS, Gap)} == halted
    assert again.outcome is Outcome.THERE


def test_the_last_hour_of_a_symbol_started_from_nothing_comes_with_its_halts(field: Settings) -> None:
    now_ms = DAY.ends_at + 30 * MINUTE_MS
    begins_at = now_ms - past_hour.PAST_HOUR_MS
    halted = {begins_at + 10 * MINUTE_MS, begins_at + 11 * MINUTE_MS}
    too_young = now_ms - MINUTE_MS
    market = Halted(listed_at=DAY.starts_at, without={*halted, too_young}, now_ms=now_ms)

    async def story() -> None:
        async with host_that_answers(market.answer) as (url, _):
            here = {"exchange_rest_url": url, "exchange_trades_url": url}
            await past_hour.fill(field.model_copy(update=here), [symbol_of(field)])

    asyncio.run(story())

    closed = {candle.open_time for candle in published(field, PROCESSED_AGGS, Candle)}
    assert closed == set(range(begins_at, now_ms, MINUTE_MS)) - halted - {too_young}
    assert {gap.open_time for gap in published(field, FEED_GAPS, Gap)} == halted


def committed(settings: Settings, group: str, offsets: dict[Place, int]) -> None:
    with closing(
        open_consumer(settings.kafka, group=group, instance="test", isolation=Isolation.COMMITTED)
    ) as consumer:
        commit(consumer, offsets)


async def seconds_of(publisher: Publisher, candles: list[Candle]) -> float:
    began_s = time.monotonic()
    await publisher.publish(candles, [])
    return time.monotonic() - began_s


def test_candles_wait_for_a_writer_that_is_behind_but_not_for_one_that_is_gone(
    field: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic, group = f"aggs_{field.postgres_db}", f"writer_{field.postgres_db}"
    create_topics(field.kafka, [Topic(topic, partitions=1, retention_days=1)])
    monkeypatch.setattr(topics, "PROCESSED_AGGS", topic)
    monkeypatch.setattr(Warm, "group", group)
    monkeypatch.setattr(publishing, "WAITING_LIMIT", 100)
    monkeypatch.setattr(publishing, "PATIENCE_S", 1.0)
    candles = [minute(number=number) for number in range(60)]

    async def story() -> list[float]:
        publisher = Publisher(field)
        unheard_of = [await seconds_of(publisher, candles) for _ in range(2)]
        committed(field, group, {Place(topic, 0): 0})
        assert records_behind(field.kafka, group, topic) == 120
        gone = await seconds_of(publisher, candles)
        committed(field, group, {Place(topic, 0): 150})
        assert records_behind(field.kafka, group, topic) == 30
        caught_up = await seconds_of(publisher, candles)
        return [max(unheard_of), gone, caught_up]

    unheard_of, gone, caught_up = asyncio.run(story())

    assert gone > 1.0
    assert max(unheard_of, caught_up) < 1.0
