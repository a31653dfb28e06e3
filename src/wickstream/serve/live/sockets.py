"""WebSockets without ASGI: uvicorn hands a connection over, and what the hub has for it is one write."""

import asyncio
import logging
import socket
import struct
from collections.abc import Sequence
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.server import ServerState
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from wickstream.binance.control import Flood
from wickstream.metrics import LIVE_CLOSED, LIVE_REFUSED
from wickstream.serve.front.visitors import Visitor, visitor_of
from wickstream.serve.live.conversation import Conversation
from wickstream.serve.live.handshake import Refusal, Wish, is_page_of_ours, offers_tokens, spoken, wish_of
from wickstream.serve.live.live import Live
from wickstream.serve.live.messages import Message, Shape, combined, raw, text_frame
from wickstream.serve.live.outbox import Outbox

LARGEST_BYTES = 65_536  # of a message to us; of a control message the exchange looks at 4,096

_RESET = struct.pack("ii", 1, 0)  # linger, for no time at all

_quiet = logging.getLogger("wickstream.live.websockets")  # one line per connection is too much
_quiet.setLevel(logging.WARNING)


class LiveSocket(asyncio.Protocol):
    """One connection, as `uvicorn.Config(ws=LiveSocket)` makes them; the application's lifespan gives `live`."""

    def __init__(self, config: Config, server_state: ServerState, app_state: dict[str, Any]) -> None:
        self._live: Live = app_state["live"]
        self._rules = self._live.rules
        self._connections: set[Any] = server_state.connections
        self._protocol = ServerProtocol(select_subprotocol=spoken, max_size=LARGEST_BYTES, logger=_quiet)
        self._loop = asyncio.get_running_loop()
        self._flood = Flood(self._rules.messages_per_second)
        self._outbox = Outbox()
        self._fragments: list[bytes] = []
        self._visitor: Visitor | None = None
        self._conversation: Conversation | None = None
        self._opening: asyncio.Task[None] | None = None
        self._began_s = self._pinged_s = self._ponged_s = self._loop.time()
        self._behind_since_s: float | None = None  # the transport's buffer is full
        self._closing_since_s: float | None = None

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Small buffers: who does not read is to be found in seconds."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=self._rules.buffer_bytes)
        door = transport.get_extra_info("socket")
        door.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self._rules.send_buffer_bytes)
        self._connections.add(self)
        self._live.sockets[self] = None

    def data_received(self, data: bytes) -> None:
        """Of the client."""
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._opening = self._loop.create_task(self._open(event))
            elif isinstance(event, Frame):
                self._take(event)
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._connections.discard(self)
        self._live.sockets.pop(self, None)
        self._live.hub.unsubscribe(self)
        if self._opening:
            self._opening.cancel()
        if self._visitor:
            self._live.door.leave(self._visitor)
            self._visitor = None

    def pause_writing(self) -> None:
        """The client does not read."""
        self._behind_since_s = self._loop.time()

    def resume_writing(self) -> None:
        """It does again: what waited comes first."""
        self._behind_since_s = None
        waiting = self._outbox.take()
        if waiting and self._conversation and self._is_open:
            self._transport.write(b"".join([message.on(self._shape) for message in waiting]))

    def shutdown(self) -> None:
        """The server stops."""
        self._say_farewell(CloseCode.GOING_AWAY)
        self._transport.close()

    # What the hub and its caretaker call.

    def deliver(self, wire: bytes, messages: Sequence[Message]) -> None:
        """One write, or, for who is behind, into the outbox."""
        if self._behind_since_s is None:
            self._transport.write(wire)
        elif self._outbox.size_bytes <= self._rules.outbox_bytes:
            for message in messages:
                self._outbox.add(message)

    def look(self, now_s: float) -> None:
        """Ping, and end what has to end."""
        rules = self._rules
        if self._closing_since_s is not None:
            if now_s - self._closing_since_s > rules.farewell_s:
                self._cut()
        elif not self._is_open:
            if now_s - self._began_s > rules.farewell_s:
                self._cut()  # its handshake takes too long
        elif self._is_slow(now_s):
            self._end(CloseCode.TRY_AGAIN_LATER, "slow")
        elif now_s - self._ponged_s > rules.pong_s:
            self._end(CloseCode.GOING_AWAY, "mute")
        elif now_s - self._began_s > rules.life_s:
            self._end(CloseCode.GOING_AWAY, "old")
        elif now_s - self._pinged_s > rules.ping_s:
            self._pinged_s = now_s
            self._protocol.send_ping(str(int(now_s * 1_000)).encode())
            self._send()

    # The handshake.

    async def _open(self, request: Request) -> None:
        wish = await self._judge(request)
        if self._transport.is_closing():
            return
        response = self._protocol.accept(request)
        if isinstance(wish, Refusal):
            response = self._protocol.reject(wish.status, wish.reason + "\n")
        self._protocol.send_response(response)
        self._send()
        if isinstance(wish, Refusal) or response.status_code != 101:
            LIVE_REFUSED.labels(str(response.status_code)).inc()
            return
        self._ponged_s = self._loop.time()
        self._conversation = Conversation(wish.streams, self._rules, self._subscribe, is_combined=wish.is_combined)
        self._subscribe(self._conversation)

    async def _judge(self, request: Request) -> Wish | Refusal:
        headers = request.headers
        if not is_page_of_ours(headers, self._live.allowed_origins):
            return Refusal(403, "a page of another host may not listen here; CORS_ORIGINS names those that may")
        if not offers_tokens(headers):
            return Refusal(400, "Sec-WebSocket-Protocol is no list of tokens")
        wish = wish_of(request.path, self._rules.streams)
        if isinstance(wish, Refusal):
            return wish
        pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.raw_items()]
        peer = self._transport.get_extra_info("peername")
        visitor = visitor_of(peer[0] if peer else None, pairs, self._live.trusted)
        refusal = await self._live.may_listen(visitor, headers)
        refusal = refusal or self._live.door.enter(visitor)
        if refusal is None:
            self._visitor = visitor
        return refusal or wish

    # The conversation.

    @property
    def _shape(self) -> Shape:
        return combined if self._conversation and self._conversation.is_combined else raw

    @property
    def _is_open(self) -> bool:
        return self._protocol.state is State.OPEN and self._closing_since_s is None

    def _subscribe(self, conversation: Conversation) -> None:
        self._live.hub.subscribe(self, conversation.streams, self._shape)

    def _take(self, frame: Frame) -> None:
        if self._conversation is None or not self._is_open or frame.opcode is Opcode.CLOSE:
            return
        if frame.fin and self._flood.is_flooded_by_one(self._loop.time()):
            self._end(CloseCode.POLICY_VIOLATION, "flooding", "Too many requests")
        elif frame.opcode is Opcode.PONG:
            self._ponged_s = self._loop.time()
        elif frame.opcode is not Opcode.PING:  # which the protocol has answered
            self._fragments.append(bytes(frame.data))
            if frame.fin:
                message, self._fragments = b"".join(self._fragments), []
                self._transport.write(text_frame(self._conversation.hear(message)))

    def _is_slow(self, now_s: float) -> bool:
        if self._behind_since_s is None:
            return False
        is_too_far: bool = self._outbox.size_bytes > self._rules.outbox_bytes
        return is_too_far or now_s - self._behind_since_s > self._rules.slow_s

    def _end(self, code: int, reason: str, text: str = "") -> None:
        LIVE_CLOSED.labels(reason).inc()
        self._say_farewell(code, text)

    def _say_farewell(self, code: int, text: str = "") -> None:
        """What waits is let go; who does not answer in time is cut by `look`."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(code, text)
            self._send()
        self._outbox.take()
        self._live.hub.unsubscribe(self)
        if self._closing_since_s is None:
            self._closing_since_s = self._loop.time()

    def _cut(self) -> None:
        """By a reset: else the kernel would go on for minutes to offer what is not read."""
        self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._transport.abort()

    def _send(self) -> None:
        """What the protocol itself has to say; an empty piece is its end of the connection."""
        pieces = self._protocol.data_to_send()
        if pieces and not self._transport.is_closing():
            self._transport.write(b"".join(pieces))
        if b"" in pieces:
            self._live.hub.unsubscribe(self)
            self._transport.close()
