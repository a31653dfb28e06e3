"""The gate: who asks, whether they may, and how much of their minute it takes."""

import time
from math import ceil
from typing import NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wickstream.binance.weights import weight_of
from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.serve.front.keys import Keys, key_in, key_needed, refusal, unknown_for_now
from wickstream.serve.front.limits import Limits, Standing
from wickstream.serve.front.refusals import refuse
from wickstream.serve.front.territory import Scope as AccessScope
from wickstream.serve.front.territory import is_drop_in, scope_of
from wickstream.serve.front.visitors import Visitor, visitor_of
from wickstream.serve.problems import Problem
from wickstream.store.warm.api_keys import ApiKey

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

    def __init__(self, app: ASGIApp, *, settings: Settings, limits: Limits, keys: Keys) -> None:
        self._app = app
        self._trusted = settings.trusted_networks
        self._limits = limits
        self._keys = keys
        self._needs_key = settings.needs_keys
        self._limits_of = {"v1": settings.rate_limit_per_minute, "v3": settings.rate_limit_weight}
        self._spares_loopback = settings.spares_loopback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        client = scope.get("client")
        visitor = scope["visitor"] = visitor_of(client and client[0], scope["headers"], self._trusted)
        cost = cost_of(scope["path"], scope["query_string"].decode("latin-1"))
        if cost is None:
            return await self._app(scope, receive, send)
        headers: RawHeaders = []
        try:
            standing = await self._pass(scope, visitor, cost)
            headers = headers_of(standing, cost) if standing else []
            if standing and not standing.accepted:
                raise _too_many(standing)
        except Problem as problem:
            again = [(b"retry-after", b"1")] if problem.status == 503 else []
            return await refuse(problem, scope, receive, _with_headers(send, headers + again))
        await self._app(scope, receive, _with_headers(send, headers) if headers else send)

    async def _pass(self, scope: Scope, visitor: Visitor, cost: Cost) -> Standing | None:
        """How the visitor stands, or the key; None: nothing is counted.

        Raises:
            Problem: If it may not.
        """
        key = key_in(scope["headers"], scope["path"])
        if key is None:
            if self._needs_key:
                raise key_needed()
            return await self._stand(visitor, cost)
        if not self._keys.holds(key):  # each question to PostgreSQL is the visitor's, lest keys be guessed for nothing
            standing = await self._stand(visitor, cost)
            if standing and not standing.accepted:
                return standing
        return await self._stand(visitor, cost, await self._good_key(scope, key))

    async def _good_key(self, scope: Scope, key: str) -> ApiKey:
        try:
            found = await self._keys.look_up(key, scope["app"].state.reader.key_of)
        except StoreBusy as exc:
            raise unknown_for_now(exc) from exc
        problem = refusal(found, scope_of(scope["path"]) or AccessScope.READ, now_ms=time.time_ns() // 1_000_000)
        if problem or found is None:
            raise problem or key_needed()
        return found

    async def _stand(self, visitor: Visitor, cost: Cost, key: ApiKey | None = None) -> Standing | None:
        limit = (key and key.per_minute) or self._limits_of[cost.minute]
        name = f"{cost.minute}:{f'key:{key.key_id}' if key else visitor.name}"
        if (key and key.per_minute) or not (visitor.is_local and self._spares_loopback):
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
