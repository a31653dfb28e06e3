"""Who came to the local exchange, and what they were answered: for a judge of those who must keep to its limits."""

import time
from collections import deque

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from wickstream.exchange.local.faults.loopback import loopback_only
from wickstream.exchange.local.faults.trouble import CONTROL_PATHS

_KEPT = 100_000


class Visit(msgspec.Struct):
    """One request; a WebSocket's handshake is one, too.

    Attributes:
        at_ms: when it came: this machine's clock, UTC epoch.
        host: by the name of its port.
        symbol: which it asks about, if it is one.
        status: of the answer; 101: a handshake that was taken; None: nothing was answered.
        used_weight: of the running minute, as the answer says.
        retry_after_s: how long the answer asks for silence.
    """

    at_ms: int
    host: str
    path: str
    symbol: str | None
    status: int | None = None
    used_weight: int | None = None
    retry_after_s: int | None = None


_VISIT = web.RequestKey("visit", Visit)


class VisitorBook:
    """The newest requests to all hosts, but for the judge's own; read at `/oracle/visits`."""

    def __init__(self) -> None:
        self._visits: deque[Visit] = deque(maxlen=_KEPT)

    def add_routes(self, app: web.Application) -> None:
        """Serve `/oracle/visits`."""
        app.router.add_get("/oracle/visits", loopback_only(self._show))
        app.on_response_prepare.append(_write_down_answer)

    def at_the_door(self, host: str) -> Middleware:
        """Writes down who comes."""

        @web.middleware
        async def write_down(request: web.Request, handler: Handler) -> web.StreamResponse:
            if not request.path.startswith(CONTROL_PATHS):
                symbol = request.query.get("symbol")
                request[_VISIT] = Visit(time.time_ns() // 1_000_000, host, request.path, symbol)
                self._visits.append(request[_VISIT])
            return await handler(request)

        return write_down

    async def _show(self, _: web.Request) -> web.Response:
        return web.Response(body=msgspec.json.encode(list(self._visits)), content_type="application/json")


async def _write_down_answer(request: web.Request, answer: web.StreamResponse) -> None:
    """As it goes out; a handshake's comes long before its connection is over."""
    visit = request.get(_VISIT)
    if visit is not None and request.transport is not None and not request.transport.is_closing():
        visit.status = answer.status
        visit.used_weight = _number(answer, "X-MBX-USED-WEIGHT-1M")
        visit.retry_after_s = _number(answer, "Retry-After")


def _number(answer: web.StreamResponse, header: str) -> int | None:
    value = answer.headers.get(header, "")
    return int(value) if value.isdigit() else None
