"""What happens to every request: security headers, and one count and duration per route."""

from time import perf_counter

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
                headers = message["headers"] = [*message.get("headers", ()), *_RAW]
                names = {name for name, _ in headers}
                if b"cache-control" not in names:
                    headers.append(_ASKED_AGAIN if b"etag" in names else _NOT_KEPT)
            await send(message)

        await self._app(scope, receive, send_with_headers)


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
            route = getattr(scope.get("route"), "path", "static")
            API_REQUESTS.labels(route, str(status)).inc()
            API_SECONDS.labels(route).observe(perf_counter() - started)
