"""Who listens to the local exchange: connections, what they chose, and what is still to be sent to them."""

import asyncio

from aiohttp import WSMsgType, web

from wickstream.exchange.local.klines import INTERVALS
from wickstream.exchange.local.restamp import in_unit

_FAR_BEHIND = 4_096  # frames queued: at full speed the player waits
_TOO_FAR_BEHIND = 200_000  # frames queued: at a pace nobody waits for, the exchange hangs up


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
