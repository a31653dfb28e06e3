"""The live lane's last ended minutes in Redis, to be compared with the candles that are kept."""

from collections.abc import Mapping, Sequence
from importlib import resources

import msgspec
import redis
import redis.asyncio
from redis.exceptions import RedisError

from wickstream.bus.codec import encode
from wickstream.store.hot.hour import PREFIX, SECONDS_TO_LIVE, busy
from wickstream.store.lane.forming import KEEP_MINUTES, LaneMinute

_rows = msgspec.json.Decoder(LaneMinute)


def _render(minute: LaneMinute) -> bytes:
    return b"[%s,%s]" % (b"true" if minute.is_whole else b"false", encode(minute.candle))


def _key(symbol: str) -> str:
    return f"{PREFIX}live:minutes:{symbol}"


class LaneMinutesWriter:
    """Puts ended minutes into pipelines; one that was not seen whole takes no other's place."""

    def __init__(self, client: redis.Redis) -> None:
        script = resources.files("wickstream.store") / "lua" / "keep_minutes.lua"
        self._keep = client.register_script(script.read_text("utf-8"))

    def keep(self, pipe: "redis.client.Pipeline", symbol: str, minutes: Sequence[LaneMinute]) -> None:
        """The newest `KEEP_MINUTES` of a symbol stay."""
        offered = [
            part for minute in minutes for part in (minute.candle.open_time, int(minute.is_whole), _render(minute))
        ]
        self._keep([_key(symbol)], [SECONDS_TO_LIVE, KEEP_MINUTES, *offered], client=pipe)


async def read_lane_minutes(
    client: "redis.asyncio.Redis", symbols: Sequence[str]
) -> Mapping[str, tuple[LaneMinute, ...]]:
    """The ended minutes of each symbol, in order of time.

    Raises:
        StoreBusy: If Redis does not answer.
    """
    try:
        async with client.pipeline(transaction=False) as pipe:
            for symbol in symbols:
                pipe.hvals(_key(symbol))
            found = await pipe.execute()
    except RedisError as exc:
        raise busy(exc) from exc
    return {symbol: _in_order(rows) for symbol, rows in zip(symbols, found, strict=True)}


def _in_order(rows: Sequence[bytes]) -> tuple[LaneMinute, ...]:
    return tuple(sorted(map(_rows.decode, rows), key=lambda minute: minute.candle.open_time))
