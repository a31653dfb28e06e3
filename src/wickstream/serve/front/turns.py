"""How many requests are worked on at once, and for how long. None is cancelled: see `shared.py`."""

import asyncio

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wickstream.serve.front.refusals import refuse
from wickstream.serve.front.territory import Scope as Access
from wickstream.serve.front.territory import scope_of
from wickstream.serve.problems import Problem

log = structlog.get_logger(__name__)


class Turns:
    """A request that takes too long is answered for, and keeps its turn until it is done.

    What is pushed has its own rules: it neither takes a turn nor ends.
    """

    def __init__(self, app: ASGIApp, *, most: int, seconds: float) -> None:
        self._app = app
        self._most = most
        self._seconds = seconds
        self._running: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope_of(scope["path"]) is Access.LIVE:
            return await self._app(scope, receive, send)
        if len(self._running) >= self._most:
            busy = Problem(503, "busy", f"{self._most} requests are worked on already; ask again in 1 s")
            return await refuse(busy, scope, receive, send, {"Retry-After": "1"})
        answer = _Answer(send, self._seconds)
        work = asyncio.create_task(self._work(scope, receive, answer))
        self._running.add(work)
        work.add_done_callback(self._leave)
        try:
            await asyncio.wait({work}, timeout=self._seconds)
            if not work.done() and not answer.has_begun:
                answer.is_over = True
                log.warning("a request took too long", path=scope["path"][:100])
                late = Problem(503, "took-too-long", f"no answer within {self._seconds:g} s; ask for less, or later")
                return await refuse(late, scope, receive, send, {"Retry-After": "1"})
            await asyncio.wait({work})
            work.result()
        finally:
            answer.is_over = True

    async def _work(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        await self._app(scope, receive, answer.send)

    def _leave(self, work: "asyncio.Task[None]") -> None:
        self._running.discard(work)
        if not work.cancelled():
            work.exception()  # raised again where somebody still waits


class _Answer:
    """Where messages go as long as anybody wants them."""

    def __init__(self, send: Send, seconds: float) -> None:
        self._send = send
        self._seconds = seconds
        self.has_begun = self.is_over = False

    async def send(self, message: Message) -> None:
        """On to the client; one who does not take a piece in time is let go.

        Raises:
            TimeoutError: In that case; the server closes the connection.
        """
        if self.is_over:
            return
        self.has_begun = True
        async with asyncio.timeout(self._seconds):
            await self._send(message)
