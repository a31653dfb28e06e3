"""An answer that is good for a while, so that many who ask cost one read."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class Held(Generic[Answer]):
    """What a read gave, for `seconds`; who asks while it is read waits for it. What fails is not held."""

    def __init__(self, seconds: float, read: Callable[[], Awaitable[Answer]]) -> None:
        self._seconds = seconds
        self._read = read
        self._lock = asyncio.Lock()
        self._held: tuple[float, Answer] | None = None

    async def get(self) -> Answer:
        """The answer, at most `seconds` old; raises what the read raises."""
        async with self._lock:
            now = time.monotonic()
            if self._held is None or now - self._held[0] >= self._seconds:
                self._held = (now, await self._read())
            return self._held[1]
