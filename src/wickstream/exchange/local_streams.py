"""The WebSocket side of the local exchange: connections, their streams, and the exchange's rules for them."""

import asyncio
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import assert_never

from aiohttp import ClientConnectionResetError, WSCloseCode, WSMsgType, web

from wickstream.binance.control import (
    ControlError,
    Request,
    answer,
    parse_request,
    property_value,
    stream_names,
)
from wickstream.exchange.klines import INTERVALS
from wickstream.exchange.restamp import in_unit

_FAR_BEHIND = 4_096  # frames queued: at full speed the player waits
_TOO_FAR_BEHIND = 200_000  # frames queued: at a pace nobody waits for, the exchange hangs up


@dataclass(frozen=True)
class StreamRules:
    """The exchange's limits on a connection."""

    ping_seconds: float = 20.0
    pong_seconds: float = 60.0
    life_seconds: float = 24 * 3_600.0
    messages_per_second: int = 5  # PING, PONG and control messages together
    streams: int = 1_024


class Connection:
    """One client: what it listens to, and what is still to be sent to it."""

    def __init__(self, socket: web.WebSocketResponse, *, combined: bool, microseconds: bool | None) -> None:
        self.combined = combined
        self.names: dict[str, None] = {}  # in order of subscription
        self._socket = socket
        self._microseconds = microseconds  # None: as recorded
        self._outbox: list[bytes] = []
        self._filled = asyncio.Event()

    @property
    def backlog(self) -> int:
        """Frames that wait for the socket."""
        return len(self._outbox)

    def tell(self, message: bytes) -> None:
        """Queue a message as it is."""
        self._outbox.append(message)
        self._filled.set()

    def send(self, stream: str, data: bytes) -> None:
        """Queue one frame of a stream, in the shape and unit this client chose."""
        if self._microseconds is not None:
            kind = stream.partition("@")[2]
            data = in_unit(data, kind=kind, microseconds=self._microseconds)
        self.tell(b'{"stream":"%b","data":%b}' % (stream.encode(), data) if self.combined else data)

    async def pump(self, sent: asyncio.Event) -> None:
        """Send what is queued, at the speed the socket takes; sets `sent` after each batch."""
        while True:
            await self._filled.wait()
            self._filled.clear()
            batch, self._outbox = self._outbox, []
            for message in batch:
                await self._socket.send_frame(message, WSMsgType.TEXT)
            sent.set()


class Listeners:
    """All connections by stream; what the player sees as its audience."""

    def __init__(self, symbols: frozenset[str], *, waits_for_slow: bool) -> None:
        self._symbols = {symbol.lower(): symbol for symbol in symbols}
        self._waits_for_slow = waits_for_slow
        self._by_stream: dict[str, set[Connection]] = {}
        self._changed = asyncio.Event()  # someone came, went, or was sent something

    @property
    def changed(self) -> asyncio.Event:
        """Set when streams or backlogs changed."""
        return self._changed

    def add(self, connection: Connection, names: list[str]) -> None:
        """Unknown streams are taken like any other, and stay silent."""
        for name in names:
            connection.names[name] = None
            self._by_stream.setdefault(name, set()).add(connection)
        self._changed.set()

    def drop(self, connection: Connection, names: list[str]) -> None:
        """Forget streams of a connection; one it does not have is no error."""
        for name in names:
            connection.names.pop(name, None)
            listeners = self._by_stream.get(name, set())
            listeners.discard(connection)
            if not listeners:
                self._by_stream.pop(name, None)
        self._changed.set()

    def wanted(self, stream: str) -> bool:
        """Tell whether anyone listens to a stream."""
        return stream in self._by_stream

    def send(self, stream: str, data: bytes) -> None:
        """Queue one frame for everyone who listens."""
        for connection in self._by_stream.get(stream, ()):
            connection.send(stream, data)

    async def everyone(self, streams: list[str]) -> None:
        """Wait until each of the streams has a listener."""
        while not all(stream in self._by_stream for stream in streams):
            self._changed.clear()
            await self._changed.wait()

    async def room(self, streams: list[str]) -> None:
        """Wait until one of the streams has a listener, and no listener is far behind."""
        while not any(stream in self._by_stream for stream in streams) or self._is_anyone_behind():
            self._changed.clear()
            await self._changed.wait()

    def kline_streams(self) -> list[tuple[str, str, str]]:
        """Kline streams someone listens to: name, symbol, interval."""
        found = []
        for stream in self._by_stream:
            name, _, interval = stream.partition("@kline_")
            if name in self._symbols and interval in INTERVALS:
                found.append((stream, self._symbols[name], interval))
        return found

    def is_hopeless(self, connection: Connection) -> bool:
        """Tell whether a client is so far behind that the exchange hangs up on it."""
        return not self._waits_for_slow and connection.backlog > _TOO_FAR_BEHIND

    def _is_anyone_behind(self) -> bool:
        everyone = {connection for listeners in self._by_stream.values() for connection in listeners}
        return any(connection.backlog > _FAR_BEHIND for connection in everyone)


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
        for socket in list(self._sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY)

    async def _open(self, request: web.Request, names: str, *, combined: bool) -> web.StreamResponse:
        socket = web.WebSocketResponse(autoping=False, compress=False, timeout=1.0)
        if not socket.can_prepare(request):
            raise web.HTTPBadRequest(text="a WebSocket handshake is expected here")
        await socket.prepare(request)
        connection = Connection(socket, combined=combined, microseconds=_unit(request))
        session = _Session(socket, connection, self._listeners, self._rules)
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
        self, socket: web.WebSocketResponse, connection: Connection, listeners: Listeners, rules: StreamRules
    ) -> None:
        self._socket = socket
        self._connection = connection
        self._listeners = listeners
        self._rules = rules
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
        """Ping; hang up when pongs stay away, when the client is hopeless, and at the end of its day."""
        opened = time.monotonic()
        with suppress(ClientConnectionResetError, ConnectionError):
            while time.monotonic() - opened < self._rules.life_seconds:
                await asyncio.sleep(min(self._rules.ping_seconds, self._rules.life_seconds))
                silent = time.monotonic() - self._last_pong > self._rules.pong_seconds
                if silent or self._listeners.is_hopeless(self._connection):
                    break
                await self._socket.ping(str(int(time.time() * 1_000)).encode())
            await self._socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"Disconnected")

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
        if request.method == "SUBSCRIBE":
            return self._subscribe(request)
        if request.method == "UNSUBSCRIBE":
            return self._listeners.drop(self._connection, stream_names(request))
        if request.method == "LIST_SUBSCRIPTIONS":
            return list(self._connection.names)
        value = property_value(request)
        if value is None:
            return self._connection.combined
        self._connection.combined = value
        return None

    def _subscribe(self, request: Request) -> None:
        names = stream_names(request)
        if len({*self._connection.names, *names}) > self._rules.streams:
            raise ControlError(4, "Too many subscriptions", request.id)
        self._listeners.add(self._connection, names)


def _unit(request: web.Request) -> bool | None:
    unit = request.query.get("timeUnit", "").upper()
    return {"MICROSECOND": True, "MILLISECOND": False}.get(unit)
