"""One symbol's hot hour, and what the live lane says of it, in one round trip."""

from collections.abc import Awaitable
from importlib import resources
from typing import Any, NamedTuple, cast

import redis.asyncio
from redis.exceptions import RedisError

from wickstream.store.hot.hour import HotHour, busy, hour_of, range_key, rows_key
from wickstream.store.lane.live import CLOCK_KEY, Clock, Now, clock_of, live_key, now_of
from wickstream.store.series.plan import Plan


class Heard(NamedTuple):
    """All that Redis has of a symbol's candles; of `now` all but the ticker."""

    hour: HotHour
    now: Now
    clock: Clock | None


class HotReader:
    """Not for use after its client is closed."""

    def __init__(self, client: "redis.asyncio.Redis") -> None:
        script = resources.files("wickstream.store") / "lua" / "read_symbol.lua"
        self._read = client.register_script(script.read_text("utf-8"))

    async def read(self, symbol: str, wanted: Plan) -> Heard:
        """Rows of the range that is wanted.

        Raises:
            StoreBusy: If Redis does not answer.
        """
        keys = [range_key(symbol), rows_key(symbol), CLOCK_KEY, live_key("price", symbol), live_key("forming", symbol)]
        try:
            answer = await cast("Awaitable[Any]", self._read(keys, [wanted.first_ms, wanted.last_ms]))
        except RedisError as exc:
            raise busy(exc) from exc
        (first, newest), rows, clock, (price, forming) = answer
        return Heard(hour_of(first, newest, rows), now_of(symbol, None, price, forming), clock_of(*clock))
