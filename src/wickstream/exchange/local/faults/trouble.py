"""REST answers and handshakes on their way through the faults that are on."""

import asyncio
from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from wickstream.exchange.local.faults.answer_faults import AnswerFault, Refuse, Reply, RestError, RestReset, RestSlow
from wickstream.exchange.local.faults.switchboard import Now, Switchboard

CONTROL_PATHS = ("/faults", "/oracle")  # a judge's: no fault reaches them

__all__ = ["Middleware", "trouble"]


def trouble(host: str, board: Switchboard, *, now: Callable[[], Now]) -> Middleware:
    """What stands between a host and its answers; `host` as faults name it."""

    @web.middleware
    async def meet(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith(CONTROL_PATHS):
            return await handler(request)
        for fault, switch in list(board.on(AnswerFault)):
            if fault.hits(host, request.path, switch.random):
                answer = await _instead(request, fault, switch.left_s(now()))
                if answer is not None:
                    return answer
        return await handler(request)

    return meet


async def _instead(request: web.Request, fault: AnswerFault, left_s: float | None) -> web.StreamResponse | None:
    """What comes in place of the answer; None: it still comes."""
    match fault:
        case RestSlow(by_s=seconds):
            await asyncio.sleep(seconds)
        case RestError():
            return _response(fault.reply(left_s=left_s))
        case Refuse(status=int(status)):
            return web.Response(status=status)
        case RestReset() | Refuse():
            if request.transport is not None:
                request.transport.abort()
            return web.Response()  # nobody will read it
    return None


def _response(reply: Reply) -> web.Response:
    return web.Response(
        body=reply.body, status=reply.status, content_type=reply.content_type, headers=reply.headers
    )  # fmt: skip
