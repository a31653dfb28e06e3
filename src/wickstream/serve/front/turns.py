"""How many requests are worked on at once, of all and of one visitor, and for how long.

None that is worked on is cancelled: see `shared.py`.
"""

import asyncio
from weakref import WeakValueDictionary

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wickstream.serve.front.refusals import refuse
from wickstream.serve.front.territory import Scope as Access
from wickstream.serve.front.territory import scope_of
from wickstream.serve.front.visitors import NOBODY
from wickstream.serve.problems import Problem

BUFFERED = 65_536  # bytes that the server's transport takes without saying that it waits for the client
OF_ONE_VISITOR = 4  # at once: what more it asks waits for its own answers, and not before those of others

log = structlog.get_logger(__name__)


class Turns:
    """A request that takes too long is answered for, and keeps its turn until it is done.

    A visitor has half of the turns at most, and a line of its own in which they wait for each other: whoever asks for
    everything at once notices it, and nobody else. What is pushed has its own rules: it neither takes a turn nor ends.
    """

    def __init__(self, app: ASGIApp, *, most: int, seconds: float) -> None:
        self._app = app
        self._most = most
        self._seconds = seconds
        self._running: dict[asyncio.Task[None], _Line] = {}
        self._lines: WeakValueDictionary[str, _Line] = WeakValueDictionary()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope_of(scope["path"]) is Access.LIVE:
            return await self._app(scope, receive, send)
        line = self._line_of(scope)
        if busy := self._refusal(line):
            return await refuse(busy, scope, receive, send, {"Retry-After": "1"})
        answer = _Answer(send)
        work = asyncio.create_task(self._work(line, scope, receive, answer))
        self._running[work] = line
        line.length += 1
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
            if not answer.is_worked_on:
                work.cancel()  # nothing was asked for it yet: it leaves its line

    def _line_of(self, scope: Scope) -> "_Line":
        visitor = scope.get("visitor")
        return self._lines.setdefault(visitor.name if visitor else NOBODY, _Line())

    def _refusal(self, line: "_Line") -> Problem | None:
        if len(self._running) >= self._most:
            return Problem(503, "busy", f"{self._most} requests are worked on already; ask again in 1 s")
        if line.length >= (share := max(1, self._most // 2)):
            return Problem(503, "busy", f"{share} of your requests are waiting already; ask again in 1 s")
        return None

    async def _work(self, line: "_Line", scope: Scope, receive: Receive, answer: "_Answer") -> None:
        async with line.places:
            answer.is_worked_on = True
            await self._app(scope, receive, answer.send)

    def _leave(self, work: "asyncio.Task[None]") -> None:
        self._running.pop(work).length -= 1
        if not work.cancelled():
            work.exception()  # raised again where somebody still waits


class _Line:
    """The requests of one visitor, and those of them that are worked on."""

    def __init__(self) -> None:
        self.length = 0
        self.places = asyncio.Semaphore(OF_ONE_VISITOR)


class _Answer:
    """Where messages go as long as anybody wants them."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.is_worked_on = self.has_begun = self.is_over = False

    async def send(self, message: Message) -> None:
        """On to the client. A large body is done when it was taken, not when it was written: it is held until then.

        Whoever takes nothing is let go by `heads.py`.
        """
        if self.is_over:
            return
        self.has_begun = True
        if len(message.get("body", b"")) > BUFFERED and not message.get("more_body", False):
            await self._send({**message, "more_body": True})
            message = {"type": "http.response.body", "body": b""}  # the server takes it when there is room again
        await self._send(message)
