"""The gate: who asks, whether they may, and how much of their minute it takes."""

from math import ceil

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wickstream.config import Settings
from wickstream.serve.front.admission import Admission, Cost, cost_of
from wickstream.serve.front.limits import Standing
from wickstream.serve.front.refusals import refuse
from wickstream.serve.front.visitors import visitor_of
from wickstream.serve.problems import Problem

RawHeaders = list[tuple[bytes, bytes]]


class Gate:
    """Lets pass who may, counted; leaves `scope["visitor"]` for whoever counts connections."""

    def __init__(self, app: ASGIApp, *, settings: Settings, admission: Admission) -> None:
        self._app = app
        self._trusted = settings.trusted_networks
        self._admission = admission

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
            find = scope["app"].state.reader.key_of
            standing = await self._admission.admit(visitor, scope["headers"], scope["path"], cost, find)
            headers = headers_of(standing, cost) if standing else []
            if standing and not standing.accepted:
                raise too_many(standing)
        except Problem as problem:
            again = [(b"retry-after", b"1")] if problem.status == 503 else []
            return await refuse(problem, scope, receive, _with_headers(send, headers + again))
        await self._app(scope, receive, _with_headers(send, headers) if headers else send)


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


def too_many(standing: Standing) -> Problem:
    """Why not, and when again."""
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
