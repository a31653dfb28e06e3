"""Live push as a whole: hub, feed, kline streams, who may listen, and what looks after all of it."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from types import TracebackType
from typing import Protocol, Self

from wickstream.config import Settings
from wickstream.serve.live.candle_streams import CandleStreams
from wickstream.serve.live.feed import Feed
from wickstream.serve.live.handshake import Door, MayListen, everybody_may
from wickstream.serve.live.hub import Hub, Subscriber
from wickstream.serve.live.rules import RULES, Rules
from wickstream.serve.reader import Reader

ARRAY_S = 1.0  # between two `!miniTicker@arr`


class Connection(Subscriber, Protocol):
    """A subscriber that is looked after."""

    def look(self, now_s: float) -> None:
        """Ping, and end what has to end."""
        ...


class Live:
    """Use as `async with Live(…) as live`; what brings the records is opened with it by `open_source`."""

    def __init__(
        self,
        settings: Settings,
        reader: Reader,
        *,
        open_source: "OpenSource",
        rules: Rules = RULES,
        may_listen: MayListen = everybody_may,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.rules = rules
        self.may_listen = may_listen
        self.trusted = settings.trusted_networks
        self.allowed_origins = settings.cors_origins
        self.door = Door(
            most=settings.subscribers,
            of_one=settings.subscribers_per_address,
            spares_loopback=settings.spares_loopback,
        )
        self.sockets: dict[Connection, None] = {}
        self.hub = Hub(clock=loop.time, later=loop.call_later)
        self.candles = CandleStreams(self.hub, reader, loop.time)
        self.feed = Feed(self.hub.publish, self.candles.take)
        self.hub.audience = self.candles
        self.reader = reader
        self._settings = settings
        self._open_source = open_source
        self._clock = loop.time
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for work in (self._look(), self._tell_changed(), self.candles.look_after()):
            self._open.push_async_callback(_end, asyncio.create_task(work))
        await self._open.enter_async_context(self._open_source(self._settings, self))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(self.rules.look_s)
            for connection in list(self.sockets):
                connection.look(self._clock())

    async def _tell_changed(self) -> None:
        while True:
            await asyncio.sleep(ARRAY_S)
            self.feed.tell_changed()


OpenSource = Callable[[Settings, "Live"], AbstractAsyncContextManager[None]]


async def _end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
