"""The WebSocket side of the local exchange: connections, their streams, and the exchange's rules for them."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from aiohttp import ClientConnectionResetError, WSCloseCode, WSMsgType, web

from wickstream.binance.control import (
    ControlError,
    Request,
    answer,
    parse_request,
    property_value,
    stream_names,
)
from wickstream.exchange.local.listeners import Connection, Listeners


@dataclass(frozen=True)
class StreamRules:
    """The exchange's limits on a connection."""

    ping_seconds: float = 20.0
    pong_seconds: float = 60.0
    life_seconds: float = 24 * 3_600.0
    messages_per_second: int = 5  # PING, PONG and control messages together
    streams: int = 1_024


class StreamServer:
    """Opens, serves and ends connections by the exchange's rules."""

    def __init__(self, listeners: Listeners, rules: StreamRules) -> None:
        self._listeners = listeners
        self._rules = rules
        self._sockets: set[web.WebSocketResponse] = set()

    async def raw(self, request: web.Request) -> web.StreamResponse:
        """`/ws` and `/ws/<stream>/<stream>…`."""
        names = request.match_info.get("streams", "")
        return await self._open(request, names, combined=False)

    async def combined(self, request: web.Request) -> web.StreamResponse:
        """`/stream?streams=<stream>/<stream>…`."""
        return await self._open(request, request.query.get("streams", ""), combined=True)

    async def hang_up(self, _: web.Application) -> None:
        """End all connections, as the process stops."""
        closings = [socket.close(code=WSCloseCode.GOING_AWAY) for socket in self._sockets]
        await asyncio.gather(*closings, return_exceptions=True)

    async def _open(self, request: web.Request, names: str, *, combined: bool) -> web.StreamResponse:
        socket = web.WebSocketResponse(autoping=False, compress=False, timeout=1.0)
        if not socket.can_prepare(request):
            raise web.HTTPBadRequest(text="a WebSocket handshake is expected here")
        await socket.prepare(request)
        connection = Connection(socket, combined=combined, microseconds=_unit(request))
        session = _Session(socket, connection, self._listeners, self._rules, cut=lambda: _cut(request))
        self._sockets.add(socket)
        try:
            await session.run([name for name in names.split("/") if name])
        finally:
            self._sockets.discard(socket)
            self._listeners.drop(connection, list(connection.names))
        return socket


class _Session:
    """The life of one connection."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        connection: Connection,
        listeners: Listeners,
        rules: StreamRules,
        *,
        cut: Callable[[], None],
    ) -> None:
        self._socket = socket
        self._connection = connection
        self._listeners = listeners
        self._rules = rules
        self._cut = cut
        self._heard: deque[float] = deque(maxlen=rules.messages_per_second)
        self._last_pong = time.monotonic()

    async def run(self, names: list[str]) -> None:
        if len(names) > self._rules.streams:
            await self._socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"Too many streams")
            return
        self._listeners.add(self._connection, names)
        tasks = [
            asyncio.create_task(self._send()),
            asyncio.create_task(self._ping()),
            asyncio.create_task(self._listen()),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _send(self) -> None:
        with suppress(ClientConnectionResetError, ConnectionError):
            await self._connection.pump(self._listeners.changed)

    async def _ping(self) -> None:
        """Ping; cut a client whose pongs stay away or that is hopelessly behind; close at the end of its day."""
        opened = time.monotonic()
        with suppress(ClientConnectionResetError, ConnectionError):
            while time.monotonic() - opened < self._rules.life_seconds:
                await asyncio.sleep(min(self._rules.ping_seconds, self._rules.life_seconds))
                silent = time.monotonic() - self._last_pong > self._rules.pong_seconds
                if silent or self._listeners.is_hopeless(self._connection):
                    self._cut()  # a farewell would wait behind what it does not take
                    return
                await self._socket.ping(str(int(time.time() * 1_000)).encode())
            await self._socket.close(code=WSCloseCode.GOING_AWAY)

    async def _listen(self) -> None:
        async for message in self._socket:
            if self._is_flooding():
                await self._socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"Too many requests")
                return
            if message.type is WSMsgType.PING:
                await self._socket.pong(message.data)
            elif message.type is WSMsgType.PONG:
                self._last_pong = time.monotonic()
            elif message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                data = message.data
                self._connection.tell(self._answer(data.encode() if isinstance(data, str) else data))

    def _is_flooding(self) -> bool:
        now = time.monotonic()
        is_full = len(self._heard) == self._rules.messages_per_second
        flooding = is_full and now - self._heard[0] < 1.0
        self._heard.append(now)
        return flooding

    def _answer(self, message: bytes) -> bytes:
        try:
            request = parse_request(message)
            return answer(request.id, self._do(request))
        except ControlError as error:
            return error.answer()

    def _do(self, request: Request) -> object:
        """Do what is asked; the result of the answer."""
        match request.method:
            case "SUBSCRIBE":
                self._subscribe(request)
            case "UNSUBSCRIBE":
                self._listeners.drop(self._connection, stream_names(request))
            case "LIST_SUBSCRIPTIONS":
                return list(self._connection.names)
            case "GET_PROPERTY":
                property_value(request)
                return self._connection.combined
            case "SET_PROPERTY":
                self._connection.combined = bool(property_value(request))
        return None

    def _subscribe(self, request: Request) -> None:
        names = stream_names(request)
        if len({*self._connection.names, *names}) > self._rules.streams:
            raise ControlError(4, "Too many subscriptions", request.id)
        self._listeners.add(self._connection, names)


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


def _unit(request: web.Request) -> bool | None:
    unit = request.query.get("timeUnit", "").upper()
    return {"MICROSECOND": True, "MILLISECOND": False}.get(unit)
