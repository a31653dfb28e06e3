"""Doors that are for this machine only."""

import ipaddress
from collections.abc import Awaitable, Callable

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.Response]]


def loopback_only(handler: Handler) -> Handler:
    """The same handler, closed to other machines."""

    async def handle(request: web.Request) -> web.Response:
        if not _is_here(request.remote or ""):
            raise web.HTTPForbidden(text="this is for this machine only")
        return await handler(request)

    return handle


def _is_here(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
