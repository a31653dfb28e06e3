"""A minute whose trades are nowhere else any more: the last rung of a repair is the exchange."""

import asyncio
from contextlib import closing
from itertools import pairwise
from typing import Any

import deltalake
import msgspec
import psycopg
import pytest

from tests.emptied_topics import empty_topics
from tests.holes import SYMBOL
from tests.tier_contents import read_cold, read_hot, read_warm
from wickstream.candle import EXCHANGE_FIELDS, Candle, Origin
from wickstream.config import Settings
from wickstream.events import MINUTE_MS
from wickstream.exchange.rest.client import ExchangeClient
from wickstream.operate.proof.damage import Damage
from wickstream.operate.restore import restore
from wickstream.operate.validation.evidence import Report
from wickstream.operate.verify import verify
from wickstream.store.cold.candles import ColdCandles
from wickstream.store.cold.trades import TradesArchive
from wickstream.store.hot.hour import HotWriter
from wickstream.store.warm.database import conninfo
from wickstream.store.warm.writer import WarmWriter

pytestmark = pytest.mark.stack

SPAN = (0, 2**53)
MINUTES, WRONG = 7, 3


@pytest.fixture
def stores(field: Settings, redis: Settings) -> Settings:
    """Of three tiers beside an exchange that answers; nothing in Kafka."""
    empty_topics(field.kafka)
    own: dict[str, Any] = {name: getattr(redis, name) for name in ("redis_host", "redis_port", "redis_password")}
    return field.model_copy(update=own)


async def traded(settings: Settings) -> list[Candle]:
    """Minutes of the exchange's past, with the ids of their trades."""
    async with ExchangeClient(settings) as client:
        now_ms = await client.time_ms()
        start_ms = now_ms // MINUTE_MS * MINUTE_MS - (MINUTES + 3) * MINUTE_MS
        klines = (await client.klines(SYMBOL, start_ms, now_ms=now_ms))[:MINUTES]
        firsts = [
            (await client.agg_trades(SYMBOL, start_ms=at, end_ms=at + MINUTE_MS, limit=1))[0].first_trade_id
            for at in range(start_ms, start_ms + (MINUTES + 1) * MINUTE_MS, MINUTE_MS)
        ]
    return [
        msgspec.structs.replace(
            kline,
            first_trade_id=first,
            last_trade_id=after - 1,
            origin=Origin.TRADES,
            published_at=kline.close_time + 1,
        )
        for kline, (first, after) in zip(klines, pairwise(firsts), strict=True)
    ]


def proof(settings: Settings) -> tuple[Report, Damage]:
    return verify(settings, (SYMBOL,), start_ms=SPAN[0], end_ms=SPAN[1], tell=lambda _: None)


def test_what_no_tier_and_no_archived_trade_proves_comes_from_the_exchanges_trades(stores: Settings) -> None:
    candles = asyncio.run(traded(stores))
    with closing(WarmWriter(stores)) as warm, closing(HotWriter(stores)) as hot:
        warm.write(candles)
        hot.write(candles)
    ColdCandles(stores).store(candles, {})
    assert proof(stores)[0].passed
    wrong = candles[WRONG]
    with psycopg.connect(conninfo(stores), autocommit=True) as conn:
        conn.execute("UPDATE candles SET high = high + 1 WHERE open_time = %s", (wrong.open_time,))
    lake = deltalake.DeltaTable(stores.lake_url.removeprefix("file:") + "/candles")
    lake.update({"high": "high + 2"}, predicate=f"open_time = {wrong.open_time}")
    asked: list[str] = []

    left = restore(stores, (SYMBOL,), proof(stores)[1], span=SPAN, tell=asked.append)

    assert left == []
    ids = f"ids {(wrong.first_trade_id or 0) - 1} to {(wrong.last_trade_id or 0) + 1}"
    assert f"{SYMBOL}: asking the exchange for {ids}" in asked
    assert proof(stores)[0].passed
    for read in (read_warm, read_cold, read_hot):
        mended = next(candle for candle in read(stores, SYMBOL) if candle.open_time == wrong.open_time)
        assert [getattr(mended, name) for name in EXCHANGE_FIELDS] == [getattr(wrong, name) for name in EXCHANGE_FIELDS]
        assert mended.revision == 1
    ((first, last),) = TradesArchive(stores).ranges(SYMBOL, *SPAN)
    assert first < (wrong.first_trade_id or 0) <= (wrong.last_trade_id or 0) < last
