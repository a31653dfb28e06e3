"""One WebSocket to the exchange: opened, subscribed, watched and closed."""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable
from typing import Self

import picows
import structlog

from wickstream.binance.frames import Envelope
from wickstream.binance.streams import LIST_SUBSCRIPTIONS, SUBSCRIBE, UNSUBSCRIBE, in_messages
from wickstream.errors import FeedLost, RateLimited
from wickstream.exchange.sockets.conversation import Conversation
from wickstream.exchange.sockets.listener import Listener, OnFrame
from wickstream.exchange.sockets.socket_rules import SocketRules

log = structlog.get_logger()

MAX_FRAME_BYTES = 1_048_576
REFUSALS_TAKEN = 24  # of one SUBSCRIBE and its halves: enough to find a few bad streams among 800
TOO_MANY = (418, 429)
BAN_S = 60.0  # where a ban does not say how long


class Connection:
    """A connection and the streams it has, until `lost` says why it is over; `on_news` is called when that changes."""

    def __init__(
        self,
        transport: picows.WSTransport,
        listener: Listener,
        rules: SocketRules,
        reading: asyncio.Event,
        on_news: Callable[[], None],
    ) -> None:
        self._transport = transport
        self._listener = listener
        self._rules = rules
        self._reading = reading
        self._on_news = on_news
        self._opened_s = asyncio.get_running_loop().time()
        self.due_s = self._opened_s + rules.life_of(opened_epoch_s=time.time())
        self.streams: set[str] = set()
        self.left_out: set[str] = set()  # asked for twice, in vain
        self.is_silent = False  # it answers pings, and nothing else comes
        self.lost: Exception | None = None
        self._conversation = Conversation(transport, listener, rules, reading)
        self._conversation.closed.add_done_callback(lambda _: self._end(self._conversation.why_closed()))
        self._watch = asyncio.create_task(self._ask_when_idle())

    @classmethod
    async def open(
        cls, url: str, on_frame: OnFrame, rules: SocketRules, *, reading: asyncio.Event, on_news: Callable[[], None]
    ) -> Self:
        """Connect; no stream is subscribed yet.

        Raises:
            FeedLost: If the exchange cannot be reached or does not let us in.
            RateLimited: If it has banned us for a while.
        """
        listener = Listener(on_frame, on_shutdown=on_news)
        try:
            async with asyncio.timeout(rules.open_s):
                transport, _ = await picows.ws_connect(
                    lambda: listener,
                    f"{url}/stream",
                    websocket_handshake_timeout=rules.open_s / 2,  # before ours, which would leave it half open
                    max_frame_size=MAX_FRAME_BYTES,
                )
        except picows.WSHandshakeError as exc:
            raise _unwelcome(exc) from exc
        except (OSError, picows.WSError) as exc:  # a TimeoutError is an OSError
            raise FeedLost(f"{url}: {exc or type(exc).__name__}") from exc
        connection = cls(transport, listener, rules, reading, on_news)
        if not reading.is_set():
            connection.pause()
        return connection

    @property
    def age_s(self) -> float:
        """Since it was opened."""
        return asyncio.get_running_loop().time() - self._opened_s

    @property
    def is_shutting_down(self) -> bool:
        """The exchange said so, on this connection."""
        return self._listener.is_shutting_down

    def close(self) -> None:
        """End it; nothing that is under way is handed on any more."""
        is_alive = self.lost is None
        self.lost = self.lost or FeedLost("closed by us")
        self._watch.cancel()
        self._conversation.closed.cancel()
        self._transport.send_close(picows.WSCloseCode.OK)
        self._transport.disconnect(graceful=is_alive)

    def pause(self) -> None:
        """Read nothing until `unpause`: the exchange feels it through TCP."""
        if not self._transport.is_disconnected:
            self._transport.underlying_transport.pause_reading()

    def unpause(self) -> None:
        """Read on."""
        if not self._transport.is_disconnected:
            self._transport.underlying_transport.resume_reading()

    async def settle(self, wanted: Collection[str]) -> None:
        """Subscribe and unsubscribe until it has the wanted streams, by the exchange's own list.

        What is missing is asked for once more; what is missing then is left out.

        Raises:
            FeedLost: If the connection is over, or the exchange does not answer.
        """
        for part in in_messages(sorted(self.streams.difference(wanted))):
            await self._conversation.ask(UNSUBSCRIBE, part)
        self.streams.intersection_update(wanted)
        self.left_out.intersection_update(wanted)
        for _ in range(2):
            if missing := self._missing(wanted):
                await self._subscribe(missing)
                self.streams = (await self._listed()).intersection(wanted)
        if missing := self._missing(wanted):
            log.warning("the exchange does not take these streams", streams=missing[:10], count=len(missing))
            self.left_out.update(missing)

    async def first_frame(self) -> None:
        """Wait for a frame of a stream, but not for ever: the market may be silent."""
        either = {self._listener.first_frame(), self._conversation.closed}
        await asyncio.wait(either, timeout=self._rules.overlap_s, return_when=asyncio.FIRST_COMPLETED)

    def _missing(self, wanted: Iterable[str]) -> list[str]:
        return [stream for stream in wanted if stream not in self.streams and stream not in self.left_out]

    async def _subscribe(self, streams: list[str]) -> None:
        """Where a message is refused, its halves are tried: one bad stream must not cost the others."""
        parts = list(in_messages(streams))[::-1]
        refusals = 0
        while parts and refusals < REFUSALS_TAKEN:
            part = parts.pop()
            answer = await self._conversation.ask(SUBSCRIBE, part)
            if _is_refused(answer):
                refusals += 1
                log.warning("SUBSCRIBE was refused", streams=len(part), reason=answer.error or answer.msg)
                middle = len(part) // 2
                parts += [half for half in (part[middle:], part[:middle]) if len(half) < len(part)]

    async def _listed(self) -> set[str]:
        answer = await self._conversation.ask(LIST_SUBSCRIPTIONS)
        if not isinstance(answer.result, list):
            raise FeedLost(f"LIST_SUBSCRIPTIONS was refused: {answer.error or answer.msg}")
        return {str(stream) for stream in answer.result}

    async def _ask_when_idle(self) -> None:
        while True:
            self._listener.heard = False
            await asyncio.sleep(self._rules.idle_ping_s)
            if not self._listener.heard and self._reading.is_set():
                try:
                    await self._conversation.ping()
                except FeedLost as exc:
                    self._end(exc)
                    return
                self.is_silent = bool(self.streams) and not self._listener.heard
                if self.is_silent:
                    self._on_news()

    def _end(self, why: Exception) -> None:
        if self.lost is None:
            self.lost = why
            self._on_news()


def _unwelcome(exc: picows.WSHandshakeError) -> FeedLost | RateLimited:
    answer = exc.response
    if answer is None or answer.status not in TOO_MANY:
        return FeedLost(str(exc))
    told = answer.headers.get("Retry-After", "")
    return RateLimited(str(exc), retry_after_s=float(told) if told.isdecimal() else BAN_S)


def _is_refused(answer: Envelope) -> bool:
    return answer.error is not None or answer.code is not None
