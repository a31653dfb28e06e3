"""Processes that can be killed between any two steps, or stopped for a while."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from wickstream.errors import Fenced


class Process:
    """Whatever it does to the world goes through `step`: there it dies, or waits while it is stopped."""

    def __init__(self, name: str, *, dies_at_step: int | None = None) -> None:
        self.name = name
        self.is_dead = False
        self.steps = 0
        self.ended_by: BaseException | None = None
        self._dies_at_step = dies_at_step
        self._goes_on = asyncio.Event()
        self._goes_on.set()
        self._task: asyncio.Task[Any] | None = None
        self._died = asyncio.Event()

    def run(self, work: Coroutine[Any, Any, Any]) -> None:
        """Start it."""
        self._task = asyncio.ensure_future(self._until_it_ends(work))

    async def _until_it_ends(self, work: Coroutine[Any, Any, Any]) -> None:
        try:
            await work
        except Fenced as exc:
            self.ended_by = exc
        finally:
            self.is_dead = True
            self._died.set()

    async def step(self) -> None:
        """One more; may not return."""
        self.steps += 1
        if self.steps == self._dies_at_step:
            self.kill()
        await self._goes_on.wait()
        if self.is_dead:
            await asyncio.Event().wait()  # the dead do nothing more

    def kill(self) -> None:
        """As `kill -9`."""
        self.is_dead = True
        self._died.set()
        if self._task is not None:
            self._task.cancel()

    def stop(self) -> None:
        """As SIGSTOP."""
        self._goes_on.clear()

    def go_on(self) -> None:
        """As SIGCONT."""
        self._goes_on.set()

    @property
    def is_stopped(self) -> bool:
        return not self._goes_on.is_set()

    async def died(self) -> None:
        """Wait for its end."""
        await self._died.wait()

    def failure(self) -> BaseException | None:
        """What it died of, if not of the nemesis."""
        if self._task is None or not self._task.done() or self._task.cancelled():
            return None
        return self._task.exception()
