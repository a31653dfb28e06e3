"""A server of streams whose every misbehaviour a test can switch on; it keeps what it was told, and when."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiohttp import ClientConnectionResetError, WSMsgType, web


class Peer:
    """One connection of a client."""

    def __init__(self, socket: web.WebSocketResponse, transport: Any) -> None:
        self.socket = socket
        self.streams: list[str] = []
        self.told: list[tuple[float, bytes]] = []  # control messages, pings and pongs, with the loop's time
        self.opened_s = asyncio.get_running_loop().time()
        self.is_open = True
        self.is_half_open = False  # nothing is answered
        self._transport = transport

    def cut(self) -> None:
        """As a cable is cut: no farewell."""
        self._transport.abort()

    async def say(self, message: str) -> None:
        """Unless it is past hearing."""
        if self.is_open and not self.is_half_open:
            try:
                await self.socket.send_str(message)
            except ClientConnectionResetError:
                self.is_open = False


class StreamServer:
    """Sends each stream that was ever asked for a frame per tick; their numbers show what a client missed."""

    def __init__(self, *, tick_s: float) -> None:
        self.url = ""
        self.peers: list[Peer] = []  # all there ever were
        self.attempts: list[float] = []
        self.refuses_with: int | None = None
        self.closes_at_once = False
        self.says_nothing = False  # but answers, pongs too
        self.answers_after_s = 0.0
        self.is_flat = False  # the shape of its errors
        self.refused_streams: set[str] = set()  # a message that has one is answered with an error
        self.lost_streams: Counter[str] = Counter()  # accepted so many times, and not kept
        self.numbers: Counter[str] = Counter()
        self._tick_s = tick_s

    @property
    def open_peers(self) -> list[Peer]:
        """Those there are now, half-open ones too."""
        return [peer for peer in self.peers if peer.is_open]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.attempts.append(asyncio.get_running_loop().time())
        if self.refuses_with is not None:
            return web.Response(status=self.refuses_with, headers={"Retry-After": "1"})
        socket = web.WebSocketResponse(autoping=False, timeout=0.1)
        await socket.prepare(request)
        peer = Peer(socket, request.transport)
        self.peers.append(peer)
        try:
            await self._talk(peer)
        finally:
            peer.is_open = False
        return socket

    async def tick(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(self._tick_s)
            for stream in {stream for peer in self.peers for stream in peer.streams}:
                self.numbers[stream] += 1
            for peer in self.open_peers if not self.says_nothing else ():
                for stream in list(peer.streams):
                    await peer.say(f'{{"stream":"{stream}","data":{self.numbers[stream]}}}')

    async def _talk(self, peer: Peer) -> None:
        if self.closes_at_once:
            await peer.socket.close()
            return
        async for message in peer.socket:
            data = message.data.encode() if isinstance(message.data, str) else bytes(message.data)
            peer.told.append((asyncio.get_running_loop().time(), data))
            if message.type is WSMsgType.PING and not peer.is_half_open:
                await peer.socket.pong(message.data)
            elif message.type is WSMsgType.TEXT:
                await asyncio.sleep(self.answers_after_s)
                await peer.say(self._answer(peer, msgspec.json.decode(data)))

    def _answer(self, peer: Peer, request: dict[str, Any]) -> str:
        streams = request.get("params", [])
        if self.refused_streams.intersection(streams):
            error = {"code": 2, "msg": "Invalid request"}
            told = error | {"id": request["id"]} if self.is_flat else {"error": error, "id": request["id"]}
            return msgspec.json.encode(told).decode()
        if request["method"] == "SUBSCRIBE":
            lost = {stream for stream in streams if self.lost_streams[stream] > 0}
            self.lost_streams.subtract(lost)
            peer.streams += [stream for stream in streams if stream not in lost]
        elif request["method"] == "UNSUBSCRIBE":
            peer.streams = [stream for stream in peer.streams if stream not in streams]
        result = peer.streams if request["method"] == "LIST_SUBSCRIPTIONS" else None
        return msgspec.json.encode({"result": result, "id": request["id"]}).decode()


@asynccontextmanager
async def stream_server(*, tick_s: float = 0.01) -> AsyncIterator[StreamServer]:
    """On a port of its own, as long as the context is open."""
    server = StreamServer(tick_s=tick_s)
    app = web.Application()
    app.router.add_get("/stream", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"ws://127.0.0.1:{runner.addresses[0][1]}"
    ticking = asyncio.create_task(server.tick())
    try:
        yield server
    finally:
        ticking.cancel()
        await runner.cleanup()
