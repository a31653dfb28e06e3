"""What takes seconds, one at a time: in a thread, so that all else is answered meanwhile."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from wickstream.errors import StoreBusy

MOST_WAITING = 8  # who comes later would wait for long

Result = TypeVar("Result")


class SlowReads:
    """A queue of so many, and no more. Who is cancelled does not end what was begun: the next one waits for that."""

    def __init__(self, what: str) -> None:
        """`what` is waited for, as the one who comes too late is told."""
        self._what = what
        self._lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[object]] = set()

    async def take(self, do: Callable[[], Result]) -> Result:
        """Its result, after those who came before.

        Raises:
            StoreBusy: If too many are waiting, or as `do` does.
        """
        if len(self._tasks) >= MOST_WAITING:
            raise StoreBusy(f"{MOST_WAITING} {self._what} are waited for", retry_after_s=5)
        return await self.after_all(do)

    async def after_all(self, do: Callable[[], Result]) -> Result:
        """As `take`, however many are waiting."""
        task = asyncio.create_task(self._alone(do))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def _alone(self, do: Callable[[], Result]) -> Result:
        async with self._lock:
            return await asyncio.to_thread(do)
