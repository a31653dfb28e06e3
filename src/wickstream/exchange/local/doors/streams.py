"""The WebSocket side of the local exchange: opens connections, and ends them by the exchange's rules."""

import asyncio
from collections.abc import Iterator

from aiohttp import WSCloseCode, web

from wickstream.exchange.local.doors.listeners import Connection, Listeners
from wickstream.exchange.local.doors.session import Session, StreamRules

__all__ = ["StreamRules", "StreamServer"]

_HANG_UP_S = 1.0  # no client keeps the process from stopping for longer


class StreamServer:
    """All open connections, the oldest first."""

    def __init__(self, listeners: Listeners, rules: StreamRules) -> None:
        self._listeners = listeners
        self._rules = rules
        self._sessions: dict[Session, asyncio.Task[None]] = {}

    def __iter__(self) -> Iterator[Session]:
        return iter(list(self._sessions))

    async def raw(self, request: web.Request) -> web.StreamResponse:
        """`/ws` and `/ws/<stream>/<stream>…`."""
        names = request.match_info.get("streams", "")
        return await self._open(request, names, combined=False)

    async def combined(self, request: web.Request) -> web.StreamResponse:
        """`/stream?streams=<stream>/<stream>…`."""
        return await self._open(request, request.query.get("streams", ""), combined=True)

    def add_routes(self, app: web.Application) -> None:
        """Serve all paths of streams."""
        app.router.add_get("/ws", self.raw)
        app.router.add_get("/ws/{streams:.*}", self.raw)
        app.router.add_get("/stream", self.combined)

    async def hang_up(self, _: web.Application) -> None:
        """End all connections, as the process stops."""
        for session in self:
            session.close(WSCloseCode.GOING_AWAY)
        if self._sessions:
            await asyncio.wait(self._sessions.values(), timeout=_HANG_UP_S)
        for session in self:
            session.cut()

    async def _open(self, request: web.Request, names: str, *, combined: bool) -> web.StreamResponse:
        socket = web.WebSocketResponse(
            autoping=False, autoclose=False, compress=False, timeout=self._rules.farewell_seconds
        )
        if not socket.can_prepare(request):
            raise web.HTTPBadRequest(text="a WebSocket handshake is expected here")
        await socket.prepare(request)
        transport = request.transport
        if transport is None:
            return socket  # gone meanwhile
        connection = Connection(socket, transport, combined=combined, microseconds=_unit(request))
        session = Session(socket, transport, connection, self._listeners, self._rules)
        self._sessions[session] = asyncio.create_task(session.run([name for name in names.split("/") if name]))
        try:
            await self._sessions[session]
        finally:
            del self._sessions[session]
            self._listeners.drop(connection, list(connection.names))
        return socket


def _unit(request: web.Request) -> bool | None:
    """`timeUnit` of the URL: microseconds or not; None where it says nothing that counts."""
    return {"MICROSECOND": True, "MILLISECOND": False}.get(request.query.get("timeUnit", "").upper())
