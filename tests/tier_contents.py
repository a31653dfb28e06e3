"""All that a tier holds of a symbol."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import closing
from hashlib import sha256
from typing import NamedTuple

from wickstream.bus.codec import encode
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


TIERS: dict[str, Callable[[Settings, str], list[Candle]]] = {"hot": read_hot, "warm": read_warm, "cold": read_cold}


class Contents(NamedTuple):
    """How many candles, and what of all their fields is the same only if all of them are."""

    rows: int
    sha256: str


def contents_of(stores: Settings, symbols: Iterable[str]) -> dict[str, Contents]:
    """What each tier holds of these symbols."""
    held = {tier: [encode(row) for symbol in symbols for row in read(stores, symbol)] for tier, read in TIERS.items()}
    return {tier: Contents(len(rows), sha256(b"\n".join(rows)).hexdigest()) for tier, rows in held.items()}
