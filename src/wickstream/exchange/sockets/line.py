"""One line to the exchange: a connection with its symbols, for ever; a new one takes over before the old one ends."""

import asyncio
from collections.abc import Collection
from contextlib import suppress

import structlog

from wickstream.binance.streams import feed_streams
from wickstream.errors import FeedLost, RateLimited
from wickstream.exchange.sockets.connection import Connection
from wickstream.exchange.sockets.connects import Backoff, Complaints, ConnectBudget
from wickstream.exchange.sockets.listener import OnFrame
from wickstream.exchange.sockets.socket_rules import SocketRules
from wickstream.metrics import RECONNECTS

log = structlog.get_logger()


class Line:
    """Keeps its symbols' streams coming, over one connection after the other.

    Frames lost between two connections are not this class's concern: ids show them and REST has them.
    """

    def __init__(
        self, url: str, on_frame: OnFrame, rules: SocketRules, *, budget: ConnectBudget, reading: asyncio.Event
    ) -> None:
        self._url = url
        self._on_frame = on_frame
        self._rules = rules
        self._budget = budget
        self._reading = reading
        self._backoff = Backoff(first_s=rules.backoff_s, cap_s=rules.backoff_cap_s, steady_s=rules.steady_s)
        self._complaints = Complaints(first_s=rules.renew_pause_s, cap_s=rules.renew_pause_cap_s)
        self._live: Connection | None = None
        self._fresh: Connection | None = None  # not yet the live one
        self._renewal: str | None = None  # why the live one is to be replaced
        self._not_before_s = 0.0
        self._opened = 0
        self._news = asyncio.Event()
        self.symbols: set[str] = set()
        self.settled = asyncio.Event()  # the live connection has all that is wanted
        self.renewed = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                if self._live is None or self._is_to_be_replaced():
                    await self._replace()
                else:
                    await self._serve(self._live)
        finally:
            self._close(self._fresh, self._live)

    def follow(self, symbols: Collection[str]) -> None:
        """These from now on."""
        if self.symbols != set(symbols):
            self.symbols = set(symbols)
            self.settled.clear()
            self._news.set()

    def renew(self, reason: str) -> None:
        """Let a new connection take over from the live one."""
        if self._live is not None:
            self._renewal = self._renewal or reason
            self.renewed.clear()
            self._news.set()

    def complain(self, what: str) -> None:
        """Something on it is silent; renewed at once, and ever less often if that does not help."""
        if self._live is None or self._renewal is not None or not self._reading.is_set():
            return
        if self._complaints.allow(age_s=self._live.age_s):
            self.renew(f"{what} is silent")

    def due_s(self) -> float:
        """When its connection's life is over; never, while it has none."""
        return float("inf") if self._live is None else self._live.due_s

    def pause(self) -> None:
        """Read nothing until `unpause`."""
        for connection in filter(None, (self._live, self._fresh)):
            connection.pause()

    def unpause(self) -> None:
        """Read on."""
        for connection in filter(None, (self._live, self._fresh)):
            connection.unpause()
        self._news.set()

    def _now_s(self) -> float:
        return asyncio.get_running_loop().time()

    def _is_to_be_replaced(self) -> bool:
        return self._renewal is not None and self._reading.is_set() and self._now_s() >= self._not_before_s

    async def _serve(self, live: Connection) -> None:
        """Until there is news."""
        wanted = self.symbols
        try:
            if live.lost is not None:
                raise live.lost
            await live.settle(feed_streams(sorted(wanted)))
        except FeedLost as exc:
            self._lose(live, exc)
            return
        if wanted is self.symbols:
            self.settled.set()
        self._heed(live)
        waits_s = max(0.0, self._not_before_s - self._now_s()) if self._renewal else None
        with suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), waits_s)
        self._news.clear()

    def _heed(self, live: Connection) -> None:
        if live.is_shutting_down and self._renewal is None:
            self.renew("the exchange shuts it down")
            self._wait(self._backoff.after(live.age_s))
        if live.is_silent:
            live.is_silent = False
            self.complain("all of it")

    def _lose(self, live: Connection, exc: FeedLost) -> None:
        delay_s = self._backoff.after(live.age_s)
        log.warning("feed lost", reason=str(exc), symbols=len(self.symbols), retry_in_s=round(delay_s, 2))
        self._wait(delay_s)
        self._close(live)
        self._live, self._renewal = None, None
        self.settled.clear()

    async def _replace(self) -> None:
        """One try; the old connection delivers until the new one does."""
        try:
            self._fresh = await self._connect()
            await self._fresh.settle(feed_streams(sorted(self.symbols)))
            if self._live is not None and self._live.lost is None:
                await self._fresh.first_frame()
            if self._fresh.lost is not None:
                raise self._fresh.lost
        except (FeedLost, RateLimited) as exc:
            self._fail(exc)
        else:
            self._take_over(self._fresh)

    async def _connect(self) -> Connection:
        await asyncio.sleep(self._not_before_s - self._now_s())
        await self._reading.wait()
        while wait_s := self._budget.reserve(now_s=self._now_s()):
            log.warning("no more connections for a while", wait_s=round(wait_s, 1))
            await asyncio.sleep(wait_s)
        return await Connection.open(
            self._url, self._on_frame, self._rules, reading=self._reading, on_news=self._news.set
        )

    def _fail(self, exc: FeedLost | RateLimited) -> None:
        if isinstance(exc, RateLimited):
            self._budget.ban(exc.retry_after_s, now_s=self._now_s())
        delay_s = self._backoff.after(0.0)
        log.warning("no connection", reason=str(exc), symbols=len(self.symbols), retry_in_s=round(delay_s, 2))
        self._wait(delay_s)
        self._close(self._fresh)
        self._fresh = None

    def _take_over(self, fresh: Connection) -> None:
        if self._opened:
            RECONNECTS.inc()
        self._opened += 1
        if self._renewal is not None:
            log.info("connected anew", reason=self._renewal, symbols=len(self.symbols))
        self._close(self._live)
        self._live, self._fresh, self._renewal = fresh, None, None
        self.renewed.set()
        self._news.set()

    def _wait(self, delay_s: float) -> None:
        self._not_before_s = self._now_s() + delay_s

    def _close(self, *connections: Connection | None) -> None:
        for connection in filter(None, connections):
            connection.close()
