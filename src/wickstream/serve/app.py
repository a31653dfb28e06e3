"""The API process: the routes, the page, and the door they stand behind."""

import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from importlib.metadata import version
from ipaddress import ip_address
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

from wickstream.config import Settings
from wickstream.errors import Mistake
from wickstream.logs import set_up_logging
from wickstream.serve import problems
from wickstream.serve.drop_in import routes as drop_in
from wickstream.serve.front.admission import Admission
from wickstream.serve.front.announcements import hearing
from wickstream.serve.front.doorstep import Doorstep
from wickstream.serve.front.express import Express
from wickstream.serve.front.gate import Gate
from wickstream.serve.front.heads import HeadProtocol
from wickstream.serve.front.hot_answers import HotAnswers
from wickstream.serve.front.hot_store import LEAST_TO_COMPRESS, HotStore
from wickstream.serve.front.keys import Keys
from wickstream.serve.front.limits import Limits
from wickstream.serve.front.listeners import listeners_gate
from wickstream.serve.front.middleware import Metering, SecurityHeaders
from wickstream.serve.front.turns import Turns
from wickstream.serve.live import server_sent
from wickstream.serve.live.listening import listening
from wickstream.serve.live.live import Live, OpenSource
from wickstream.serve.live.room import make_room
from wickstream.serve.live.rules import RULES, Rules
from wickstream.serve.live.sockets import LiveSocket
from wickstream.serve.reader import Reader
from wickstream.serve.v1 import alerts, klines, market, system, system_records, trade_counts, trades, trust
from wickstream.store.hot.leases import Leases
from wickstream.store.series.router import Router

STATIC = Path(__file__).parent / "static"

OpenReader = Callable[[Settings], AbstractAsyncContextManager[Reader]]


def build_app(
    settings: Settings, *, open_reader: OpenReader = Router, open_source: OpenSource = listening, rules: Rules = RULES
) -> FastAPI:
    """The ASGI application. The tiers may be down when it starts: it answers 503 until they are up."""

    limits = Limits(Leases(settings), workers=settings.api_workers)
    admission = Admission(settings, limits, Keys())
    hot = HotStore(oldest_s=settings.hot_answer_ms / 1_000)
    express = Express(hot, admission, trusted=settings.trusted_networks)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Live | Express]]:
        async with (
            aclosing(limits),
            hearing(settings, hot),
            open_reader(settings) as reader,
            Live(
                settings,
                reader,
                open_source=open_source,
                rules=rules,
                may_listen=listeners_gate(admission, reader.key_of),
            ) as live,
        ):
            app.state.reader = reader
            yield {"live": live, "express": express}

    app = FastAPI(
        title="wickstream",
        summary="Exact candles from Binance trades, with the proof",
        version=version("wickstream"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    app.state.settings = settings
    problems.install(app)
    app.add_middleware(Turns, most=settings.requests_at_once, seconds=settings.request_seconds)
    app.add_middleware(HotAnswers, store=hot)
    app.add_middleware(Gate, settings=settings, admission=admission)
    if settings.cors_origins:
        app.add_middleware(CORSMiddleware, allow_origins=settings.cors_origins, allow_headers=["X-API-Key"])
    app.add_middleware(Doorstep)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Metering)
    for resource in (market, klines, trades, alerts, trade_counts, system, system_records, trust, server_sent, drop_in):
        app.include_router(resource.router)
    _add_page(app)
    return app


def _add_page(app: FastAPI) -> None:
    @app.get("/docs", include_in_schema=False)
    async def docs() -> FileResponse:
        return FileResponse(STATIC / "docs.html")

    files = GZipMiddleware(StaticFiles(directory=STATIC, html=True), minimum_size=LEAST_TO_COMPRESS)
    app.mount("/", files, name="page")


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; then finish what is being answered, two seconds at most.

    Raises:
        Mistake: If the port is taken, or production would be open to others without anybody having said so.
    """
    require_word_on_keys(settings)
    set_up_logging(settings.log_level, settings.log_format)
    make_room(settings.subscribers)
    door = _bind(settings.listen_host, settings.port("api"))
    config = uvicorn.Config(
        build_app(settings),
        loop="uvloop",
        http=HeadProtocol,
        ws=LiveSocket,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,  # whose word is believed, front/visitors.py decides
        timeout_graceful_shutdown=2,
    )
    # uvicorn raises the signal again once it has stopped; an ordered stop should exit with 0
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    with door:
        uvicorn.Server(config).run(sockets=[door])


def require_word_on_keys(settings: Settings) -> None:
    """That anybody may read is decided, and does not come about.

    Raises:
        Mistake: In production, beyond loopback, without a word on keys.
    """
    if settings.is_production and settings.api_keys is None and not _is_loopback(settings.listen_host):
        raise Mistake(
            f"WICKSTREAM_ENV=production listens on {settings.listen_host}: set API_KEYS=required, "
            "or API_KEYS=optional if anybody may read"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    door = socket.socket(family, socket.SOCK_STREAM)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((host, port))
    except OSError as exc:
        door.close()
        raise Mistake(f"cannot listen on {host}:{port} ({exc.strerror}); choose another --port-base") from exc
    return door
