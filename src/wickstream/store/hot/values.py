"""What Redis holds of a symbol's hour, as it lies there: for who proves it."""

from collections.abc import Mapping
from typing import NamedTuple

import redis
from redis.exceptions import RedisError

from wickstream.store.hot.hour import busy, closed_key, opened_key, versions_key


class HotValues(NamedTuple):
    """All that is held of a symbol, as it lies there: see `closed_key`, `opened_key` and `versions_key`."""

    closed: bytes | None
    opened: bytes | None
    versions: Mapping[bytes, bytes]


def hot_values(client: redis.Redis, symbol: str) -> HotValues:
    """As of one moment.

    Raises:
        StoreBusy: If Redis does not answer.
    """
    try:
        with client.pipeline(transaction=True) as pipe:
            pipe.mget(closed_key(symbol), opened_key(symbol))
            pipe.hgetall(versions_key(symbol))
            (closed, opened), versions = pipe.execute()
    except RedisError as exc:
        raise busy(exc) from exc
    return HotValues(closed, opened, versions)
