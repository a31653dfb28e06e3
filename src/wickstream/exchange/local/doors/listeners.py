"""Who listens to the local exchange: connections, what they chose, and what is still to be sent to them."""

import asyncio

from aiohttp import ClientConnectionResetError, web

from wickstream.exchange.local.doors.klines import INTERVALS
from wickstream.exchange.local.doors.server_frames import text_frames
from wickstream.exchange.local.faults.distortion import Distorter
from wickstream.exchange.local.market.restamp import in_unit

_FAR_BEHIND = 4_096  # frames queued: at full speed the player waits
_TOO_FAR_BEHIND = 200_000  # frames queued: at a pace nobody waits for, the exchange hangs up
_BATCH = 2_048  # frames written in one piece
_FULL_BYTES = 262_144  # in the transport: no more is written until the socket has taken some
_LOOK_S = 0.002  # between two looks at that


class Connection:
    """One client: what it listens to, and what is still to be sent to it."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        transport: asyncio.Transport,
        *,
        combined: bool,
        microseconds: bool | None,
    ) -> None:
        self.combined = combined
        self.names: dict[str, None] = {}  # in order of subscription
        self.distorter: Distorter | None = None  # None: no fault is on
        self._socket = socket
        self._transport = transport
        self._microseconds = microseconds  # None: as recorded
        self._outbox: list[bytes] = []
        self._filled = asyncio.Event()
        self._is_mute = False

    @property
    def backlog(self) -> int:
        """Frames that wait for the socket."""
        return len(self._outbox)

    @property
    def is_mute(self) -> bool:
        """Tell whether it was left half-open."""
        return self._is_mute

    def fall_mute(self) -> None:
        """Leave it half-open: nothing is sent or answered any more, and TCP stays."""
        self._is_mute = True
        self._outbox.clear()

    def tell(self, message: bytes) -> None:
        """Queue a message as it is."""
        if not self._is_mute:
            self._outbox.append(message)
            self._filled.set()

    def wanted(self, stream: str) -> bool:
        """Tell whether the client listens to a stream."""
        return stream in self.names

    def send(self, stream: str, data: bytes) -> None:
        """Queue one frame of a stream."""
        if self.distorter is None:
            self.pass_on(stream, data)
        else:
            self.distorter.send(stream, data)

    def pass_on(self, stream: str, data: bytes) -> None:
        """Queue one frame, past the faults, in the shape and unit this client chose."""
        if self._microseconds is not None:
            kind = stream.partition("@")[2]
            data = in_unit(data, kind=kind, microseconds=self._microseconds)
        self.tell(b'{"stream":"%b","data":%b}' % (stream.encode(), data) if self.combined else data)

    async def pump(self, sent: asyncio.Event) -> None:
        """Send what is queued, at the speed the socket takes; sets `sent` after each batch."""
        while True:
            await self._filled.wait()
            self._filled.clear()
            queued, self._outbox = self._outbox, []
            for at in range(0, len(queued), _BATCH):
                await self._write(queued[at : at + _BATCH])
            sent.set()

    async def _write(self, batch: list[bytes]) -> None:
        """One piece of bytes, past aiohttp: a tenth of the cost of a call for each frame."""
        while self._transport.get_write_buffer_size() > _FULL_BYTES:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(_LOOK_S)
        if self._socket.closed or self._transport.is_closing():
            raise ClientConnectionResetError("the connection is closing")
        if not self._is_mute:
            self._transport.write(text_frames(batch))


class Listeners:
    """All connections by stream; what the player sees as its audience."""

    def __init__(self, symbols: frozenset[str], *, waits_for_slow: bool) -> None:
        self.distorter: Distorter | None = None  # None: no fault is on
        self._symbols = {symbol.lower(): symbol for symbol in symbols}
        self._waits_for_slow = waits_for_slow
        self._by_stream: dict[str, set[Connection]] = {}
        self._aggregates: dict[str, str] = {}  # asked for with every few frames
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
            symbol, _, kind = name.partition("@")
            if kind == "aggTrade" and symbol in self._symbols:
                self._aggregates[name] = self._symbols[symbol]
        self._changed.set()

    def drop(self, connection: Connection, names: list[str]) -> None:
        """Forget streams of a connection; one it does not have is no error."""
        for name in names:
            connection.names.pop(name, None)
            listeners = self._by_stream.get(name, set())
            listeners.discard(connection)
            if not listeners:
                self._by_stream.pop(name, None)
                self._aggregates.pop(name, None)
        self._changed.set()

    def wanted(self, stream: str) -> bool:
        """Tell whether anyone listens to a stream."""
        return stream in self._by_stream

    def send(self, stream: str, data: bytes) -> None:
        """Queue one frame for everyone who listens."""
        if self.distorter is None:
            self.pass_on(stream, data)
        else:
            self.distorter.send(stream, data)

    def pass_on(self, stream: str, data: bytes) -> None:
        """Queue one frame, past the faults that are everyone's."""
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

    def aggregate_streams(self) -> list[tuple[str, str]]:
        """`@aggTrade` streams someone listens to: name, symbol."""
        return list(self._aggregates.items())

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
