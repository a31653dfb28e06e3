"""The last trades of each symbol in Redis, as short rendered rows: written with the live lane, read in one call."""

from collections.abc import Sequence
from decimal import Decimal
from importlib import resources
from typing import Any

import msgspec
import redis
import redis.asyncio
from redis.exceptions import RedisError

from wickstream.events import Trade
from wickstream.store.hot.hour import PREFIX, SECONDS_TO_LIVE, busy

KEEP = 1_000  # per symbol; at some 50 bytes a row, 500 symbols take 25 MB


class LastTrade(msgspec.Struct, frozen=True, array_like=True):
    """One row: the trade without what its key says already."""

    trade_id: int
    price: Decimal
    quantity: Decimal
    traded_at_ms: int
    buyer_is_maker: bool


_rows = msgspec.json.Decoder(LastTrade)


def render(trade: Trade) -> bytes:
    """The row of a trade; it begins with the id, by which Redis tells what it has."""
    maker = "true" if trade.buyer_is_maker else "false"
    text = f'[{trade.trade_id},"{trade.price:f}","{trade.quantity:f}",{trade.traded_at_ms},{maker}]'
    return text.encode()


def _key(symbol: str) -> str:
    return f"{PREFIX}live:trades:{symbol}"


class LastTradesWriter:
    """Puts rows into pipelines; a row whose id is not above the newest one held changes nothing."""

    def __init__(self, client: redis.Redis) -> None:
        script = resources.files("wickstream.store") / "lua" / "push_trades.lua"
        self._push = client.register_script(script.read_text("utf-8"))

    def push(self, pipe: "redis.client.Pipeline", symbol: str, rows: Sequence[bytes]) -> None:
        """At most `KEEP` rows, in the order of their ids."""
        self._push([_key(symbol)], [SECONDS_TO_LIVE, KEEP, *rows], client=pipe)


async def read_trades(client: "redis.asyncio.Redis", symbol: str, *, limit: int) -> list[LastTrade]:
    """The newest `limit` trades, at most `KEEP`, in the order of their ids.

    What was traded while the lane was not running may be missing between them: their ids tell.

    Raises:
        StoreBusy: If Redis does not answer.
    """
    try:
        rows: list[Any] = await client.lrange(_key(symbol), -max(1, limit), -1)
    except RedisError as exc:
        raise busy(exc) from exc
    return [_rows.decode(row) for row in rows]
