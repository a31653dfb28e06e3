"""An event loop whose clock jumps to the next timer: hours in milliseconds, the same every time."""

import asyncio
import selectors
from typing import Any


class NothingLeftToDoError(Exception):
    """Everybody waits for something that will never happen."""


class _NoSockets(selectors.SelectSelector):
    """Waiting is moving the clock."""

    loop: "VirtualLoop"

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise NothingLeftToDoError
        self.loop.now_s += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Begins at 0 s."""

    def __init__(self) -> None:
        selector = _NoSockets()
        selector.loop = self
        self.now_s = 0.0
        super().__init__(selector)

    def time(self) -> float:
        return self.now_s
