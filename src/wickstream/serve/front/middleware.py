"""What happens to every request: security headers, and one count and duration per route."""

from collections.abc import Iterable
from functools import lru_cache
from time import perf_counter

from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wickstream.metrics import API_REQUESTS, API_SECONDS

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_RAW = [(name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
_NOT_KEPT, _ASKED_AGAIN = (b"cache-control", b"no-store"), (b"cache-control", b"no-cache")


class SecurityHeaders:
    """Adds `SECURITY_HEADERS` to every answer; what says nothing about caching must not be cached."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = with_security(message.get("headers", ()))
            await send(message)

        await self._app(scope, receive, send_with_headers)


def with_security(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """And those of an answer itself."""
    all_of_them = [*headers, *_RAW]
    names = {name for name, _ in all_of_them}
    if b"cache-control" not in names:
        all_of_them.append(_ASKED_AGAIN if b"etag" in names else _NOT_KEPT)
    return all_of_them


class Metering:
    """Counts answers by route template, never by what the client sent: labels must stay few."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        started = perf_counter()
        status = 500

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        finally:
            meter(scope.get("route"), status, perf_counter() - started)


def meter(route: object, status: int, seconds: float) -> None:
    """Count one answer of a route; None: of the page's files."""
    answered, took = _meters(getattr(route, "path", "static"), status)
    answered.inc()
    took.observe(seconds)


@lru_cache(maxsize=1_000)
def _meters(route: str, status: int) -> tuple[Counter, Histogram]:
    return API_REQUESTS.labels(route, str(status)), API_SECONDS.labels(route)
