"""The hosts of the local exchange: what is apart on the internet is apart here, each on a port of its own."""

from collections.abc import Callable, Sequence
from ssl import SSLContext
from typing import Protocol

import structlog
from aiohttp import web

from wickstream.config import Settings
from wickstream.errors import Mistake
from wickstream.exchange.local.doors.archive import ArchiveServer
from wickstream.exchange.local.doors.rest import RestServer
from wickstream.exchange.local.doors.streams import StreamServer
from wickstream.exchange.local.faults.trouble import Middleware

# By their names in PORT_OFFSETS.
MARKET_DATA, API, ARCHIVE = "exchange", "exchange-api", "exchange-archive"
API_ONLY = frozenset({"/api/v3/historicalTrades"})  # data-api.binance.vision has no database of old trades

log = structlog.get_logger()


class Door(Protocol):
    """Something that is served beside what the exchange has."""

    def add_routes(self, app: web.Application) -> None:
        """Serve it."""
        ...


def runners(
    rest: RestServer,
    streams: StreamServer,
    archive: ArchiveServer,
    *,
    doors: Sequence[Door],
    before: Callable[[str], Sequence[Middleware]],
) -> dict[str, web.AppRunner]:
    """A server a host. Weights are counted over both REST hosts together, as they are by address.

    `before`: what stands between a host, by its name, and its answers.
    """
    market_data, api, files = (web.Application(middlewares=before(name)) for name in (MARKET_DATA, API, ARCHIVE))
    rest.add_routes(market_data, without=API_ONLY)
    rest.add_routes(api)
    for app in (market_data, api):
        streams.add_routes(app)
        app.on_shutdown.append(streams.hang_up)
        for door in doors:
            door.add_routes(app)
    archive.add_routes(files)
    return {name: _runner(app) for name, app in ((MARKET_DATA, market_data), (API, api), (ARCHIVE, files))}


def _runner(app: web.Application) -> web.AppRunner:
    return web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)


async def listen(hosts: dict[str, web.AppRunner], settings: Settings, *, tls: SSLContext | None = None) -> None:
    """Serve each on its port, by TLS if there is a certificate.

    Raises:
        Mistake: If one of them is in use.
    """
    for name, runner in hosts.items():
        host, port = settings.listen_host, settings.port(name)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port, ssl_context=tls).start()
        except OSError as exc:
            raise Mistake(
                f"the local exchange cannot listen on {host}:{port} ({exc.strerror}); give another --port-base"
            ) from exc
        log.info("local exchange is listening", host=name, url=f"{'https' if tls else 'http'}://{host}:{port}")


async def close(hosts: Sequence[web.AppRunner]) -> None:
    """Stop serving."""
    for runner in hosts:
        await runner.cleanup()
