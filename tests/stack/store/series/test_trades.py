"""Historical trades by id, out of Redis and the lake as one series."""

import asyncio
from contextlib import closing
from decimal import Decimal
from typing import Any

import pytest

from tests.raw_trades import trade_value
from wickstream.bus.consumer import Place
from wickstream.bus.producer import IdempotentProducer, Record
from wickstream.bus.topics import RAW_TRADES, create_topics
from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.events import Gap, GapStatus, Trade
from wickstream.store.cold.trade_columns import columns_of, frame_of
from wickstream.store.cold.trades import GROUP, TradesArchive
from wickstream.store.lane.last_trades import KEEP, render
from wickstream.store.lane.live import Change, Clock, LiveWriter
from wickstream.store.offsets import offset_name
from wickstream.store.series.router import Router
from wickstream.store.series.trade_reads import Trades
from wickstream.store.series.trade_series import TradeQuestion
from wickstream.store.warm.writer import WarmWriter

pytestmark = pytest.mark.stack

NEWEST = 4_999
OLDEST_OF_LANE = NEWEST + 1 - KEEP


def trade(symbol: str, number: int) -> Trade:
    return Trade(symbol, number, Decimal("0.10000000"), Decimal(2), 1_723_161_600_000 + number, buyer_is_maker=True)


def into_lane(settings: Settings, first: int, last: int) -> None:
    trades = [trade(settings.ticker_symbols[0], number) for number in range(first, last + 1)]
    change = Change(settings.ticker_symbols[0], None, trades[-1], None, tuple(map(render, trades)))
    with closing(LiveWriter(settings)) as writer:
        writer.write([change], Clock(trades[-1].traded_at_ms, 0, trades[-1].traded_at_ms))


def into_lake(settings: Settings, first: int, last: int) -> None:
    symbol = settings.ticker_symbols[0]
    TradesArchive(settings).add(symbol, [trade(symbol, number) for number in range(first, last + 1)])


def read(settings: Settings, from_id: int | None = None, limit: int = 1_000) -> Trades:
    async def within() -> Trades:
        async with Router(settings) as router:
            return await router.trades(settings.ticker_symbols[0], from_id=from_id, limit=limit)

    return asyncio.run(within())


def ids(found: Trades) -> list[int]:
    return [one.trade_id for one in found.trades]


@pytest.fixture
def filled(stores: Settings) -> Settings:
    """All of them, some in both: the lake up to a tenth into what the lane holds."""
    into_lane(stores, OLDEST_OF_LANE, NEWEST)
    into_lake(stores, 2_000, OLDEST_OF_LANE + 99)
    return stores


def test_the_newest_are_the_lanes_alone(filled: Settings, symbol: str) -> None:
    found = read(filled)
    assert ids(found) == list(range(OLDEST_OF_LANE, NEWEST + 1))
    assert (found.complete, found.tiers, found.missing) == (True, ("lane",), ())
    assert found.trades[0] == trade(symbol, OLDEST_OF_LANE)


@pytest.mark.parametrize(
    ("from_id", "expected", "tiers"),
    [
        (2_500, range(2_500, 3_500), ("cold",)),
        (OLDEST_OF_LANE - 500, range(OLDEST_OF_LANE - 500, OLDEST_OF_LANE + 500), ("lane", "cold")),
        (NEWEST - 9, range(NEWEST - 9, NEWEST + 1), ("lane",)),
        (NEWEST + 1, range(0), ()),
    ],
)
def test_from_an_id_on_there_is_neither_hole_nor_double(
    filled: Settings, from_id: int, expected: range, tiers: tuple[str, ...]
) -> None:
    found = read(filled, from_id)
    assert ids(found) == list(expected)
    assert (found.complete, found.tiers, found.missing, found.away) == (True, tiers, (), ())


def test_ids_between_the_lakes_last_commit_and_the_lane_are_named(stores: Settings) -> None:
    into_lane(stores, 3_000, 3_099)
    into_lake(stores, 1_000, 1_999)
    found = read(stores, 1_990)
    assert ids(found) == [*range(1_990, 2_000)]
    assert (found.complete, found.missing) == (False, ((2_000, 2_989),))
    assert ids(read(stores, limit=100)) == list(range(3_000, 3_100))


@pytest.mark.parametrize("offset", [None, 0, 10**9])
def test_ids_that_wait_for_the_lakes_next_commit_come_from_kafka(
    kafka: str, stores: Settings, symbol: str, offset: int | None
) -> None:
    create_topics(kafka)
    settings = stores.model_copy(update={"kafka_bootstrap_servers": kafka})
    into_lane(settings, 3_000, 3_099)
    into_lake(settings, 1_000, 1_989)
    if offset is not None:
        offsets = {offset_name(GROUP, Place(RAW_TRADES, partition)): offset for partition in range(6)}
        TradesArchive(settings).append(frame_of(columns_of([trade(symbol, 1_990)])), offsets)
    publish(kafka, symbol, range(1_900, 2_995))
    found = read(settings, 1_985, 20)
    assert ids(found) == list(range(1_985, 2_005))
    assert (found.complete, found.missing, found.away) == (True, (), ())
    assert {"cold", "bus"} == set(found.tiers)
    assert found.trades[-1] == trade(symbol, 2_004)
    assert read(settings, 2_990, 20).missing == ((2_995, 2_999),)


def publish(kafka: str, symbol: str, numbers: range) -> None:
    producer = IdempotentProducer(kafka)
    for number in numbers:
        at_ms = trade(symbol, number).traded_at_ms
        value = trade_value(number, symbol, at=at_ms, price="0.10000000", quantity="2")
        producer.publish(Record(RAW_TRADES, symbol, value))
    producer.flush()


def test_what_the_exchange_never_had_is_not_missing(stores: Settings, symbol: str) -> None:
    into_lane(stores, 100, 199)
    into_lake(stores, 50, 89)
    gap = Gap(symbol, 90, 99, None, 1, GapStatus.ABSENT)
    with closing(WarmWriter(stores)) as writer:
        writer.write([], gaps=[gap])
    found = read(stores, 80, 30)
    assert ids(found) == [*range(80, 90), *range(100, 110)]
    assert (found.complete, found.missing) == (True, ())


def test_without_redis_the_lake_answers_what_it_has(filled: Settings) -> None:
    nowhere: dict[str, Any] = {"redis_host": "127.0.0.1", "redis_port": 1}
    without = filled.model_copy(update=nowhere)
    whole = read(without, 2_500)
    assert (ids(whole), whole.complete, whole.away) == (list(range(2_500, 3_500)), True, ())
    short = read(without, OLDEST_OF_LANE, 500)
    assert (ids(short), short.complete) == (list(range(OLDEST_OF_LANE, OLDEST_OF_LANE + 100)), False)
    assert "lane" in short.away
    with pytest.raises(StoreBusy, match="Redis"):
        read(without)


BEGAN_MS = 1_723_161_600_000  # of trade `n` the time is n ms later


def page(settings: Settings, **asked: int) -> Trades:
    async def within() -> Trades:
        async with Router(settings) as router:
            limit = asked.pop("limit", 1_000)
            return await router.trades_page(TradeQuestion(settings.ticker_symbols[0], limit, **asked))

    return asyncio.run(within())


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        (2_500, 2_600, 2_500, 2_600),  # in the lake
        (OLDEST_OF_LANE - 50, OLDEST_OF_LANE + 150, OLDEST_OF_LANE - 50, OLDEST_OF_LANE + 150),  # over the seam
        (OLDEST_OF_LANE + 500, NEWEST, OLDEST_OF_LANE + 500, NEWEST),  # in the lane
        (0, 2_010, 2_000, 2_010),  # from before all that is held
        (NEWEST - 5, NEWEST + 500, NEWEST - 5, NEWEST),
    ],
)
def test_trades_are_found_by_time(filled: Settings, start: int, end: int, first: int, last: int) -> None:
    found = page(filled, start=BEGAN_MS + start, end=BEGAN_MS + end)
    assert (ids(found), found.complete) == (list(range(first, last + 1)), True)


@pytest.mark.parametrize("end", [2_500, OLDEST_OF_LANE - 1, OLDEST_OF_LANE + 10, NEWEST + 999])
def test_without_a_start_they_are_the_last_until_then(filled: Settings, end: int) -> None:
    found = page(filled, end=BEGAN_MS + end, limit=20)
    last = min(end, NEWEST)
    assert ids(found) == list(range(last - 19, last + 1))


def test_of_times_before_all_trades_and_behind_them_there_are_none(filled: Settings) -> None:
    assert ids(page(filled, end=BEGAN_MS + 1_999)) == []
    assert ids(page(filled, start=BEGAN_MS + NEWEST + 1)) == []
