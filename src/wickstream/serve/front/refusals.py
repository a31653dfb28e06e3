"""How the front refuses: a problem, and on /api/v3 what Binance would say."""

from collections.abc import Mapping

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from wickstream.binance.shapes import JSON
from wickstream.serve.front.territory import is_drop_in
from wickstream.serve.problems import Problem, as_response

POLICY_VIOLATION = 1008

# Binance's codes for what a problem is called here; what is not listed is -1000, "unknown"
_CODES = {
    "too-many-requests": -1003,
    "bad-key": -2014,
    "key-needed": -2014,
    "key-refused": -2015,
    "busy": -1008,
    "took-too-long": -1007,
    "store-unavailable": -1001,
}


async def refuse(
    problem: Problem, scope: Scope, receive: Receive, send: Send, headers: Mapping[str, str] | None = None
) -> None:
    """Answer with the problem; a WebSocket is not opened."""
    if scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": problem.detail[:120]})
        return
    await as_refusal(problem, scope["path"], headers)(scope, receive, send)


def as_refusal(problem: Problem, path: str, headers: Mapping[str, str] | None = None) -> Response:
    """The problem in the language of the path."""
    if not is_drop_in(path):
        return as_response(problem, dict(headers or {}))
    body = {"code": _CODES.get(problem.kind, -1000), "msg": problem.detail}
    return Response(msgspec.json.encode(body), problem.status, headers, JSON)
