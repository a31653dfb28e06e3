"""How the front refuses: a problem, and on /api/v3 what Binance would say."""

from collections.abc import Mapping

from starlette.types import Receive, Scope, Send

from wickstream.serve.problems import Problem, as_refusal

POLICY_VIOLATION = 1008


async def refuse(
    problem: Problem, scope: Scope, receive: Receive, send: Send, headers: Mapping[str, str] | None = None
) -> None:
    """Answer with the problem; a WebSocket is not opened."""
    if scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": problem.detail[:120]})
        return
    await as_refusal(problem, scope["path"], headers)(scope, receive, send)
