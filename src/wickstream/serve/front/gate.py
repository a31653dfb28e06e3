"""The gate: who asks, whether they may, and how much of their minute it takes."""

from math import ceil
from typing import NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wickstream.config import Settings
from wickstream.serve.front.limits import Limits, Standing
from wickstream.serve.front.refusals import refuse
from wickstream.serve.front.territory import is_drop_in, scope_of
from wickstream.serve.front.visitors import Visitor, visitor_of
from wickstream.serve.front.weights import weight_of
from wickstream.serve.problems import Problem

RawHeaders = list[tuple[bytes, bytes]]


class Cost(NamedTuple):
    """What a request takes of which minute."""

    minute: str  # "v1" or "v3"
    tokens: int


def cost_of(path: str, query: str) -> Cost | None:
    """None: nothing, for the page, its documentation, and what orchestrators ask."""
    if is_drop_in(path):
        return Cost("v3", weight_of(path, query))
    return Cost("v1", 1) if scope_of(path) else None


class Gate:
    """Lets pass who may, counted; leaves `scope["visitor"]` for whoever counts connections."""

    def __init__(self, app: ASGIApp, *, settings: Settings, limits: Limits) -> None:
        self._app = app
        self._trusted = settings.trusted_networks
        self._limits = limits
        self._limits_of = {"v1": settings.rate_limit_per_minute, "v3": settings.rate_limit_weight}
        self._spares_loopback = not settings.rate_limit_loopback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        client = scope.get("client")
        visitor = scope["visitor"] = visitor_of(client and client[0], scope["headers"], self._trusted)
        cost = cost_of(scope["path"], scope["query_string"].decode("latin-1"))
        standing = cost and await self._stand(visitor, cost)
        if not cost or not standing:
            return await self._app(scope, receive, send)
        headers = headers_of(standing, cost)
        if standing.accepted:
            return await self._app(scope, receive, _with_headers(send, headers))
        await refuse(_too_many(standing), scope, receive, _with_headers(send, headers))

    async def _stand(self, visitor: Visitor, cost: Cost) -> Standing | None:
        limit = self._limits_of[cost.minute]
        name = f"{cost.minute}:{visitor.name}"
        if not (visitor.is_local and self._spares_loopback):
            return await self._limits.take(name, limit=limit, cost=cost.tokens)
        # Clients of Binance's look at the weight they used, whether it is limited or not.
        return self._limits.note(f"{name}:unlimited", limit=limit, cost=cost.tokens) if cost.minute == "v3" else None


def headers_of(standing: Standing, cost: Cost) -> RawHeaders:
    """What is left, said as everybody says it, and on v3 as Binance does."""
    left_s = str(_seconds_left(standing)).encode()
    headers = [
        (b"x-ratelimit-limit", str(standing.limit).encode()),
        (b"x-ratelimit-remaining", str(max(0, standing.limit - standing.used)).encode()),
        (b"x-ratelimit-reset", left_s),
    ]
    if cost.minute == "v3":
        used = str(standing.used).encode()
        headers += [(b"x-mbx-used-weight", used), (b"x-mbx-used-weight-1m", used)]
    return headers if standing.accepted else [*headers, (b"retry-after", left_s)]


def _too_many(standing: Standing) -> Problem:
    detail = f"the limit of {standing.limit} a minute is used up; ask again in {_seconds_left(standing)} s"
    return Problem(429, "too-many-requests", detail)


def _seconds_left(standing: Standing) -> int:
    return max(1, ceil(standing.left_s))


def _with_headers(send: Send, headers: RawHeaders) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"].endswith("response.start"):  # of http, and of a WebSocket that is not opened
            message["headers"] = [*message.get("headers", ()), *headers]
        await send(message)

    return send_with_headers
