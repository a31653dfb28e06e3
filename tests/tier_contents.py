"""All that a tier holds of a symbol."""

import asyncio

from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.store.cold.candles import ColdCandles
from wickstream.store.hot.hour import open_async_client, read_hour
from wickstream.store.series.plan import Plan
from wickstream.store.warm.reads import WarmReader


def read_hot(stores: Settings, symbol: str) -> list[Candle]:
    async def read() -> list[Candle]:
        async with open_async_client(stores) as client:
            return list((await read_hour(client, symbol)).between(0, 2**53))

    return asyncio.run(read())


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
