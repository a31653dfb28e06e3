"""What visitors of the API may still do, counted in Redis for all its processes."""

import secrets
from importlib import resources
from typing import NamedTuple

from redis.asyncio import Redis
from redis.exceptions import RedisError

from wickstream.config import Settings
from wickstream.store.hot.hour import PREFIX, busy, open_async_client

WINDOW_MS = 60_000


class Lease(NamedTuple):
    """A block of a visitor's minute.

    Attributes:
        granted: so much of it is this process's now.
        used: so much is given away to all processes, this block with it.
        left_ms: until the minute is over, and the block void.
        window: the minute's id.
    """

    granted: int
    used: int
    left_ms: int
    window: str


class Leases:
    """Asks for blocks. Connects when it is first used; a question is never given up before its answer or its end."""

    def __init__(self, settings: Settings) -> None:
        self._client: Redis = open_async_client(settings)
        script = resources.files("wickstream.store") / "lua" / "lease_tokens.lua"
        self._script = self._client.register_script(script.read_text("utf-8"))

    async def ask(self, name: str, *, limit: int, wanted: int, known: str, owed: int, used: int) -> Lease:
        """At most `wanted`, and what is left.

        `known`: the minute's id of the last lease, "" for none; `owed`: what was accepted since without Redis' knowing;
        `used`: what that lease said, in case Redis has lost its memory.

        Raises:
            StoreBusy: If Redis does not answer; the block may be counted then, and given to nobody.
        """
        new = secrets.token_hex(8)
        try:
            answer = await self._script([f"{PREFIX}limit:{name}"], [limit, wanted, WINDOW_MS, new, known, owed, used])
        except RedisError as exc:
            raise busy(exc) from exc
        granted, used, left_ms, window = answer
        return Lease(granted, used, left_ms, window.decode())

    async def aclose(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()
