"""One symbol's hot hour, and what the live lane says of it, in one round trip."""

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
    keys = [closed_key(symbol), opened_key(symbol), CLOCK_KEY, live_key("price", symbol), live_key("forming", symbol)]
    closed, opened, clock, price, forming = await read_values(client, keys)
    return Heard(hour_of(closed, opened), now_of(symbol, None, price, forming), clock_of(clock))
