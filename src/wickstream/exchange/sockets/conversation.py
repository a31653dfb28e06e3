"""Our messages on one connection, and what the exchange answers to them."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, TypeVar

import picows

from wickstream.binance.frames import Envelope, open_envelope
from wickstream.binance.streams import control_message
from wickstream.errors import FeedLost, MalformedFrame
from wickstream.exchange.sockets.listener import Listener
from wickstream.exchange.sockets.socket_rules import SocketRules

T = TypeVar("T")


class Conversation:
    """One message at a time; `closed` is done when the connection is.

    Each waits for the answer to the one before it and `subscribe_pause_s` more, so that the exchange never receives
    two of them closer together, however they were delayed.
    """

    def __init__(
        self, transport: picows.WSTransport, listener: Listener, rules: SocketRules, reading: asyncio.Event
    ) -> None:
        self._transport = transport
        self._listener = listener
        self._rules = rules
        self._reading = reading  # not set: nothing is read, so nobody is waited for
        self._loop = asyncio.get_running_loop()
        self._ids = count(1)
        self._turn = asyncio.Lock()
        self._free_at_s = 0.0
        self.closed = asyncio.ensure_future(transport.wait_disconnected())

    async def ask(self, method: str, streams: Iterable[str] = ()) -> Envelope:
        """Send a control message; its answer, which may be an error.

        Raises:
            FeedLost: If the connection is over, or the exchange does not answer.
        """
        async with self._paced():
            self._listener.forget_answers()  # what nobody asked for
            request_id = next(self._ids)
            message = control_message(method, list(streams), request_id=request_id)
            self._transport.send(picows.WSMsgType.TEXT, message)
            return await self._answer(request_id, method)

    async def ping(self) -> None:
        """Wait for the pong.

        Raises:
            FeedLost: If the connection is over, or there is none.
        """
        async with self._paced():
            self._listener.ponged.clear()
            self._transport.send_ping()
            await self._within(self._rules.pong_s, self._listener.ponged.wait(), "pong")

    def why_closed(self) -> Exception:
        """Why it is over: FeedLost, or a fault of ours that must not pass for one."""
        exc = None if self.closed.cancelled() else self.closed.exception()
        if exc is None:
            return FeedLost(f"the connection was closed: {self._listener.farewell}")
        return exc if isinstance(exc, Exception) and not isinstance(exc, picows.WSError) else FeedLost(str(exc))

    @asynccontextmanager
    async def _paced(self) -> AsyncIterator[None]:
        async with self._turn:
            await asyncio.sleep(self._free_at_s - self._loop.time())
            try:
                yield
            finally:
                self._free_at_s = self._loop.time() + self._rules.subscribe_pause_s

    async def _answer(self, request_id: int, method: str) -> Envelope:
        while True:
            message = await self._within(self._rules.answer_s, self._listener.answers.get(), f"answer to {method}")
            try:
                answer = open_envelope(message)
            except MalformedFrame as exc:
                raise FeedLost(f"an answer that is none: {exc}") from exc
            if answer.id in (request_id, None):  # an error may come without an id
                return answer

    async def _within(self, seconds: float, event: Coroutine[Any, Any, T], what: str) -> T:
        """What is waited for; while nothing is read, time does not count."""
        waiting = asyncio.ensure_future(event)
        either: set[asyncio.Future[Any]] = {waiting, self.closed}
        try:
            while not waiting.done():
                await self._reading.wait()
                done, _ = await asyncio.wait(either, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
                if self.closed in done:
                    raise self.why_closed()
                if not done and self._reading.is_set():
                    raise FeedLost(f"no {what} within {seconds:g} s")
            return waiting.result()
        finally:
            waiting.cancel()
