"""An event loop whose clock jumps to the next timer: hours in milliseconds, the same every time.

A large part of a simulation is its loop: this one looks at no sockets, and compares timers as the floats they are.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import Callable
from contextvars import Context
from typing import Any, TypeVarTuple, cast

Arguments = TypeVarTuple("Arguments")

RESOLUTION_S = 1e-9


class NothingLeftToDoError(Exception):
    """Everybody waits for something that will never happen."""


class _Call:
    """What is to be called, unless it is cancelled."""

    __slots__ = ("args", "callback", "context")

    def __init__(self, callback: Callable[..., object], args: tuple[Any, ...], context: Context | None) -> None:
        self.callback: Callable[..., object] | None = callback
        self.args = args
        self.context = context

    def cancel(self) -> None:
        self.callback = None

    def make(self) -> None:
        if self.callback is None:
            return
        if self.context is None:
            self.callback(*self.args)
        else:
            self.context.run(self.callback, *self.args)


class _Timer(float):
    """When something is to be called, and what."""

    __slots__ = ("call",)
    call: _Call

    def cancel(self) -> None:
        self.call.cancel()


class VirtualLoop(asyncio.SelectorEventLoop):
    """Begins at 0 s. What a callback raises ends it."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._calls: deque[_Call] = deque()
        self._timers: list[_Timer] = []
        super().__init__()

    def time(self) -> float:
        return self.now_s

    def _run_once(self) -> None:
        """In place of the base's: what was ready, and behind it what is due; where nothing is, the clock moves on."""
        calls, timers = self._calls, self._timers
        while timers and timers[0].call.callback is None:
            heapq.heappop(timers)
        if not calls:
            if not timers:
                raise NothingLeftToDoError
            self.now_s += max(0.0, timers[0] - self.now_s)
        due_s = self.now_s + RESOLUTION_S
        while timers and timers[0] < due_s:
            calls.append(heapq.heappop(timers).call)
        for _ in range(len(calls)):
            calls.popleft().make()

    def call_soon(
        self, callback: Callable[[*Arguments], object], *args: *Arguments, context: Context | None = None
    ) -> asyncio.Handle:
        call = _Call(callback, args, context)
        self._calls.append(call)
        return cast(asyncio.Handle, call)

    call_soon_threadsafe = call_soon  # there are no threads

    def call_later(
        self, delay: float, callback: Callable[[*Arguments], object], *args: *Arguments, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self.now_s + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[[*Arguments], object], *args: *Arguments, context: Context | None = None
    ) -> asyncio.TimerHandle:
        timer = _Timer(when)
        timer.call = _Call(callback, args, context)
        heapq.heappush(self._timers, timer)
        return cast(asyncio.TimerHandle, timer)
