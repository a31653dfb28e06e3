"""Sockets to the exchange: connect, subscribe, and connect again when they are lost or go silent."""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import picows
import structlog

from wickstream.binance.frames import is_answer, open_envelope
from wickstream.binance.streams import subscribe_messages
from wickstream.errors import FeedLost, MalformedFrame
from wickstream.metrics import RECONNECTS

log = structlog.get_logger()

IDLE_PING_S = 5.0  # a socket without a frame for so long is asked whether it lives
PONG_S = 4.0
SUBSCRIBE_PAUSE_S = 0.25  # 5 messages a second are allowed, pongs among them
CONNECTS_ALLOWED = 250  # the exchange allows 300 in 5 minutes
CONNECTS_WINDOW_S = 300.0
BACKOFF_CAP_S = 30.0
STEADY_S = 30.0  # a connection that lived so long was none of a row of failures
MAX_FRAME_BYTES = 1_048_576

OnFrame = Callable[[bytes], None]


class _Listener(picows.WSListener):
    """Hands whole text messages on; anything else is the library's business."""

    def __init__(self, on_frame: OnFrame) -> None:
        self._on_frame = on_frame
        self._parts: list[bytes] = []
        self.answers: asyncio.Queue[bytes] = asyncio.Queue()
        self.farewell = "without a word"

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        if frame.msg_type == picows.WSMsgType.CLOSE:  # unanswered, the server would keep us waiting in silence
            self.farewell = f"{frame.get_close_code()} {frame.get_close_reason() or ''}".strip()
            transport.send_close(picows.WSCloseCode.OK)
            transport.disconnect()
            return
        if frame.msg_type not in {picows.WSMsgType.TEXT, picows.WSMsgType.CONTINUATION}:
            return
        payload = frame.get_payload_as_bytes()
        if not frame.fin or self._parts:
            self._parts.append(payload)
            if not frame.fin:
                return
            payload, self._parts = b"".join(self._parts), []
        if not payload.startswith(b'{"stream"') and is_answer(payload):
            self.answers.put_nowait(payload)
        else:  # also what is malformed: it is set aside, not lost
            self._on_frame(payload)


class Feed:
    """One connection with its streams, for ever: lost, it comes back with full-jitter backoff.

    Frames lost meanwhile are not this class's concern: ids show them and REST has them.
    """

    def __init__(self, url: str, streams: Sequence[str], on_frame: OnFrame) -> None:
        self._url = f"{url}/stream"
        self._streams = streams
        self._on_frame = on_frame
        self._transport: picows.WSTransport | None = None
        self._connects: deque[float] = deque()
        self.subscribed = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled."""
        failures = 0
        while True:
            started_s = time.monotonic()
            try:
                await self._once()
            except FeedLost as exc:
                failures = 0 if time.monotonic() - started_s >= STEADY_S else failures + 1
                delay_s = self._delay_s(failures)
                log.warning("feed lost", reason=str(exc), streams=len(self._streams), retry_in_s=round(delay_s, 2))
                await asyncio.sleep(delay_s)
            finally:
                self.subscribed.clear()
                self.drop()
            RECONNECTS.inc()

    def drop(self) -> None:
        """Cut the connection; `run` opens another."""
        if self._transport is not None:
            self._transport.disconnect()
            self._transport = None

    def pause(self) -> None:
        """Read nothing until `unpause`: the exchange feels it through TCP."""
        if self._transport is not None:
            self._transport.underlying_transport.pause_reading()

    def unpause(self) -> None:
        """Read on."""
        if self._transport is not None:
            self._transport.underlying_transport.resume_reading()

    async def _once(self) -> None:
        listener = _Listener(self._on_frame)
        self._connects.append(time.monotonic())
        try:
            self._transport, _ = await picows.ws_connect(
                lambda: listener,
                self._url,
                enable_auto_ping=True,
                auto_ping_idle_timeout=IDLE_PING_S,
                auto_ping_reply_timeout=PONG_S,
                max_frame_size=MAX_FRAME_BYTES,
            )
        except (OSError, TimeoutError, picows.WSError) as exc:
            raise FeedLost(f"{self._url}: {exc or type(exc).__name__}") from exc
        closed = asyncio.ensure_future(self._transport.wait_disconnected())
        try:
            await self._subscribe(listener, closed)
            self.subscribed.set()
            await closed
        finally:
            closed.cancel()
        raise FeedLost(f"the connection was closed: {listener.farewell}")

    async def _subscribe(self, listener: _Listener, closed: "asyncio.Future[None]") -> None:
        for request_id, message in subscribe_messages(self._streams, first_id=1):
            if request_id > 1:
                await asyncio.sleep(SUBSCRIBE_PAUSE_S)
            assert self._transport is not None  # noqa: S101 (set by the only caller)
            self._transport.send(picows.WSMsgType.TEXT, message)
            await _answered(listener, closed)

    def _delay_s(self, failures: int) -> float:
        now_s = time.monotonic()
        while self._connects and now_s - self._connects[0] > CONNECTS_WINDOW_S:
            self._connects.popleft()
        if len(self._connects) >= CONNECTS_ALLOWED:
            return CONNECTS_WINDOW_S - (now_s - self._connects[0])
        # min(): 2.0**1024 overflows, and a feed can be down for days
        return random.uniform(0, min(BACKOFF_CAP_S, 0.25 * 2 ** min(failures, 16)))  # noqa: S311 (jitter)


async def _answered(listener: _Listener, closed: "asyncio.Future[None]") -> None:
    """Wait for the exchange's answer to a SUBSCRIBE.

    Raises:
        FeedLost: If it refuses, says nothing for 10 s, or closes.
    """
    answer = asyncio.ensure_future(listener.answers.get())
    either: set[asyncio.Future[Any]] = {answer, closed}
    await asyncio.wait(either, timeout=10.0, return_when=asyncio.FIRST_COMPLETED)
    if not answer.done():
        answer.cancel()
        raise FeedLost("no answer to SUBSCRIBE")
    try:
        said = open_envelope(answer.result())
    except MalformedFrame as exc:
        raise FeedLost(f"an answer that is none: {exc}") from exc
    if said.error or said.code is not None:
        raise FeedLost(f"SUBSCRIBE was refused: {said.error or said.msg}")
