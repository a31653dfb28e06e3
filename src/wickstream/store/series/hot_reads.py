"""What Redis has of symbols' candles: the hot hour, and what the live lane says of it, in one round trip."""

from collections.abc import Sequence
from typing import NamedTuple

import redis.asyncio

from wickstream.store.hot.hour import HotHour, closed_key, hour_of, opened_key, read_values
from wickstream.store.lane.live import CLOCK_KEY, Clock, Now, clock_of, live_key, now_of


class Heard(NamedTuple):
    """All that Redis has of a symbol's candles; of `now` all but the ticker."""

    hour: HotHour
    now: Now
    clock: Clock | None


async def hear(client: "redis.asyncio.Redis", symbol: str) -> Heard:
    """All of it, as it was at one moment.

    Raises:
        StoreBusy: If Redis does not answer.
    """
    return (await hear_all(client, [symbol]))[0]


async def hear_all(client: "redis.asyncio.Redis", symbols: Sequence[str]) -> list[Heard]:
    """The same of several, all as of one moment; of 500 symbols 17 MB.

    Raises:
        StoreBusy: If Redis does not answer.
    """
    keys = [key for symbol in symbols for key in _keys(symbol)]
    clock, *values = await read_values(client, [CLOCK_KEY, *keys])
    each = (values[at : at + 4] for at in range(0, len(values), 4))
    return [_heard(symbol, *four, clock=clock_of(clock)) for symbol, four in zip(symbols, each, strict=True)]


def _keys(symbol: str) -> list[str]:
    return [closed_key(symbol), opened_key(symbol), live_key("price", symbol), live_key("forming", symbol)]


def _heard(
    symbol: str,
    closed: bytes | None,
    opened: bytes | None,
    price: bytes | None,
    forming: bytes | None,
    *,
    clock: Clock | None,
) -> Heard:
    return Heard(hour_of(closed, opened), now_of(symbol, None, price, forming), clock)
