"""All that a tier holds of a symbol."""

import asyncio
from contextlib import closing

from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.store.cold.candles import ColdCandles
from wickstream.store.hot.hour import HotHour, hour_of, open_client
from wickstream.store.hot.values import hot_values
from wickstream.store.series.plan import Plan
from wickstream.store.warm.reads import WarmReader


def read_hot(stores: Settings, symbol: str) -> list[Candle]:
    return list(read_hour(stores, symbol).between(0, 2**53))


def read_hour(stores: Settings, symbol: str) -> HotHour:
    with closing(open_client(stores)) as client:
        values = hot_values(client, symbol)
    return hour_of(values.closed, values.opened)


def read_warm(stores: Settings, symbol: str) -> list[Candle]:
    async def read() -> list[Candle]:
        reader = WarmReader(stores)
        await reader.open()
        try:
            return await reader.candles(symbol, Plan(0, 2**53, 1_000, backward=False))
        finally:
            await reader.close()

    return asyncio.run(read())


def read_cold(stores: Settings, symbol: str) -> list[Candle]:
    return ColdCandles(stores).read(symbol, 0, 2**53, limit=1_000, backward=False)
