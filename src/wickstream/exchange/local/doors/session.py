"""The life of one connection to the local exchange: what it sends, hears and answers, and how it ends."""

import asyncio
import time
from contextlib import suppress
from typing import Any

import msgspec
import structlog
from aiohttp import ClientConnectionResetError, WSCloseCode, WSMsgType, web

from wickstream.binance.control import (
    ControlError,
    Flood,
    Request,
    answered,
    property_value,
    stream_names,
)
from wickstream.exchange.local.doors.listeners import Connection, Listeners

_LOOK_S = 0.1  # how often a mute connection looks whether its client has gone

log = structlog.get_logger()


class StreamRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The exchange's limits on a connection."""

    ping_seconds: float = 20.0
    pong_seconds: float = 60.0
    life_seconds: float = 24 * 3_600.0
    messages_per_second: int = 5  # PING, PONG and control messages together
    streams: int = 1_024
    farewell_seconds: float = 10.0  # so long the answer to a farewell is waited for: who is busy answers late


class Session:
    """One connection, by the rules."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        transport: asyncio.Transport,
        connection: Connection,
        listeners: Listeners,
        rules: StreamRules,
    ) -> None:
        self.connection = connection
        self._socket = socket
        self._transport = transport
        self._listeners = listeners
        self._rules = rules
        self._flood = Flood(rules.messages_per_second)
        self._last_pong = time.monotonic()
        self._farewell: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()

    async def run(self, names: list[str]) -> None:
        """Until one side ends it."""
        if len(names) > self._rules.streams:
            await self._say_farewell(WSCloseCode.POLICY_VIOLATION, "Too many streams")
            return
        self._listeners.add(self.connection, names)
        tasks = [asyncio.create_task(work) for work in (self._send(), self._ping(), self._live(), self._listen())]
        endings: list[asyncio.Future[Any]] = [*tasks, self._farewell]
        try:
            await asyncio.wait(endings, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if self._farewell.done():
            self._listeners.drop(self.connection, list(self.connection.names))  # nobody waits for it any more
            await self._say_farewell(*self._farewell.result())
        while self.connection.is_mute and not self._transport.is_closing():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(_LOOK_S)

    def close(self, code: int, reason: str = "") -> None:
        """End it with a farewell, or, where nothing is said any more, without; `run` is over when it is answered."""
        if self.connection.is_mute:
            self.cut()
        elif not self._farewell.done():
            self._farewell.set_result((code, reason))

    async def _say_farewell(self, code: int, reason: str) -> None:
        """Nobody else may read: aiohttp would not wait for the answer, and what is under way be lost with TCP."""
        try:
            async with asyncio.timeout(self._rules.farewell_seconds):
                await self._socket.close(code=code, message=reason.encode())
        except TimeoutError:
            self.cut()

    def cut(self) -> None:
        """End it without a farewell."""
        self._transport.abort()

    async def _send(self) -> None:
        with suppress(ClientConnectionResetError, ConnectionError):
            await self.connection.pump(self._listeners.changed)

    async def _ping(self) -> None:
        """Ping; cut a client whose pongs stay away or that is hopelessly behind."""
        with suppress(ClientConnectionResetError, ConnectionError):
            while True:
                await asyncio.sleep(self._rules.ping_seconds)
                if self.connection.is_mute:
                    return
                silent = time.monotonic() - self._last_pong > self._rules.pong_seconds
                if silent or self._listeners.is_hopeless(self.connection):
                    self.cut()  # a farewell would wait behind what it does not take
                    return
                await self._socket.ping(str(int(time.time() * 1_000)).encode())

    async def _live(self) -> None:
        """Until the end of its day."""
        await asyncio.sleep(self._rules.life_seconds)
        if not self.connection.is_mute:
            self.close(WSCloseCode.GOING_AWAY)

    async def _listen(self) -> None:
        async for message in self._socket:
            if self.connection.is_mute:
                continue
            if self._flood.is_flooded_by_one(time.monotonic()):
                log.warning("cut off: too many messages")
                self.close(WSCloseCode.POLICY_VIOLATION, "Too many requests")
                return
            if message.type is WSMsgType.PING:
                await self._socket.pong(message.data)
            elif message.type is WSMsgType.PONG:
                self._last_pong = time.monotonic()
            elif message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                data = message.data
                self.connection.tell(answered(data.encode() if isinstance(data, str) else data, self._do))
        if not self.connection.is_mute:
            self.close(WSCloseCode.OK)

    def _do(self, request: Request) -> object:
        """Do what is asked; the result of the answer."""
        match request.method:
            case "SUBSCRIBE":
                self._subscribe(request)
            case "UNSUBSCRIBE":
                self._listeners.drop(self.connection, stream_names(request))
            case "LIST_SUBSCRIPTIONS":
                return list(self.connection.names)
            case "GET_PROPERTY":
                property_value(request)
                return self.connection.combined
            case "SET_PROPERTY":
                self.connection.combined = bool(property_value(request))
        return None

    def _subscribe(self, request: Request) -> None:
        names = stream_names(request)
        if len({*self.connection.names, *names}) > self._rules.streams:
            raise ControlError(4, "Too many subscriptions", request.id)
        self._listeners.add(self.connection, names)
