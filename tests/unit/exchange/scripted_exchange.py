"""A REST server on loopback that answers what a test tells it to, and remembers what it was asked."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiohttp import web

from wickstream.config import Settings
from wickstream.exchange.rest.client import ExchangeClient

Answer = Callable[[web.Request], web.Response]


class ScriptedExchange:
    """`answers` by path; any other path is 404."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.url = ""

    def always(self, path: str, value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Give the same answer each time."""
        body = value if isinstance(value, bytes) else msgspec.json.encode(value)
        self.answers[path] = lambda _: web.Response(body=body, status=status, headers=headers)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer by path."""
        self.asked.append((request.path, dict(request.query)))
        answer = self.answers.get(request.path)
        return answer(request) if answer else web.json_response({"code": -1, "msg": "unknown path"}, status=404)


@asynccontextmanager
async def scripted() -> AsyncIterator[tuple[ScriptedExchange, ExchangeClient]]:
    """A running server and a client of it."""
    exchange = ScriptedExchange()
    app = web.Application()
    app.router.add_get("/{path:.*}", exchange.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = exchange.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        async with ExchangeClient(Settings(exchange_rest_url=url, exchange_trades_url=url)) as client:
            yield exchange, client
    finally:
        await runner.cleanup()
