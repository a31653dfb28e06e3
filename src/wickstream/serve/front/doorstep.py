"""What is refused unread: bodies, long addresses, large heads."""

from starlette.types import ASGIApp, Receive, Scope, Send

from wickstream.serve.front.refusals import refuse
from wickstream.serve.problems import Problem

LONGEST_TARGET = 8_192  # of path and query, as they are sent
LARGEST_HEAD = 16_384
MOST_HEADERS = 100

BODIES = (b"content-length", b"transfer-encoding")


def problem_of(scope: Scope) -> Problem | None:
    """What is wrong with a request before it is looked at."""
    if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > LONGEST_TARGET:
        return Problem(414, "address-too-long", f"path and query may have {LONGEST_TARGET} bytes; ask for less at once")
    headers = scope["headers"]
    if len(headers) > MOST_HEADERS or sum(len(name) + len(value) for name, value in headers) > LARGEST_HEAD:
        return Problem(431, "headers-too-large", f"headers may have {LARGEST_HEAD} bytes and be {MOST_HEADERS}")
    if any(name in BODIES and value != b"0" for name, value in headers):
        return Problem(413, "no-body-taken", "no route takes a body; put parameters into the query")
    return None


class Doorstep:
    """Refuses what is too large, and ends the connection, for what is still to come of it is not read."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (problem := problem_of(scope)):
            return await refuse(problem, scope, receive, send, {"Connection": "close"})
        await self._app(scope, receive, send)
