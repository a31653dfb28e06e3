"""How much of their minute visitors have left: counted in Redis, and in this process while Redis is away."""

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple, Protocol

import structlog

from wickstream.errors import StoreBusy
from wickstream.serve.front.shared import Shared
from wickstream.serve.front.windows import WINDOW_S, Window
from wickstream.store.hot.leases import Lease

log = structlog.get_logger(__name__)

MOST_WINDOWS = 20_000  # of 250 bytes; the oldest is forgotten first
PATIENCE_S = 0.25  # a request waits no longer for Redis
AWAY_S = 1.0  # nor at all, so long after Redis did not answer


class Lender(Protocol):
    """The common count; `store.hot.leases.Leases` is the one that runs, tests bring their own."""

    async def ask(self, name: str, *, limit: int, wanted: int, known: str, owed: int, used: int) -> Lease: ...

    async def aclose(self) -> None: ...


class Standing(NamedTuple):
    """Where a visitor stands after a request; `left_s`: until the minute is over."""

    accepted: bool
    limit: int
    used: int
    left_s: float


class Limits:
    """Counts. A request that is cancelled cancels no question to Redis: its answer is everybody's."""

    def __init__(self, leases: Lender, *, workers: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._leases = leases
        self._workers = workers
        self._clock = clock
        self._windows: dict[str, Window] = {}  # in the order of their ends
        self._questions: Shared[str, bool] = Shared()
        self._away_until = float("-inf")

    async def take(self, name: str, *, limit: int, cost: int) -> Standing:
        """Accept a request of so much if there is so much left."""
        window = self._window(name, limit)
        accepted = window.spend(cost) or (cost <= limit and await self._wait(name, window, cost))
        return self._standing(window, accepted=accepted)

    def take_held(self, name: str, *, limit: int, cost: int) -> Standing | None:
        """As `take`, of what is leased already; None: somebody has to be asked.

        More is leased before it is used up, so that who asks often seldom waits for it.
        """
        window = self._window(name, limit)
        if not window.spend(cost):
            return None
        if window.is_low and self._clock() >= self._away_until:
            self._questions.ask(name, lambda: self._lease(name, window))
        return self._standing(window, accepted=True)

    def note(self, name: str, *, limit: int, cost: int) -> Standing:
        """Count a request of somebody who has no limit, in this process only."""
        window = self._window(name, limit)
        window.note(cost)
        return self._standing(window, accepted=True)

    async def aclose(self) -> None:
        """Wait for what was asked, and let go of the connections."""
        await self._questions.finish()
        await self._leases.aclose()

    def _window(self, name: str, limit: int) -> Window:
        now = self._clock()
        window = self._windows.get(name)
        if window is None or now >= window.ends_at or window.limit != limit:
            self._windows.pop(name, None)
            if len(self._windows) >= MOST_WINDOWS:
                del self._windows[next(iter(self._windows))]
            window = self._windows[name] = Window(limit, self._workers, now + WINDOW_S)
        return window

    def _standing(self, window: Window, *, accepted: bool) -> Standing:
        return Standing(accepted, window.limit, window.in_use, max(0.0, window.ends_at - self._clock()))

    async def _wait(self, name: str, window: Window, cost: int) -> bool:
        """Tell whether there was so much to be leased."""
        window.waiting += cost
        try:
            while not window.is_given_away:
                if not await self._has_leased(name, window):
                    return window.spend_alone(cost)
                if window.spend(cost):
                    return True
        finally:
            window.waiting -= cost
        return False

    async def _has_leased(self, name: str, window: Window) -> bool:
        """Tell whether Redis answered, in time."""
        if self._clock() < self._away_until:
            return False
        question = self._questions.ask(name, lambda: self._lease(name, window))
        await asyncio.wait({question}, timeout=PATIENCE_S)
        if not question.done():
            self._miss("no answer in time")
            return False
        return question.result()

    async def _lease(self, name: str, window: Window) -> bool:
        asked_at = self._clock()
        owed = window.owed
        try:
            lease = await self._leases.ask(
                name,
                limit=window.limit,
                wanted=window.wanted,
                known=window.id,
                owed=owed,
                used=window.used,
            )
        except StoreBusy as exc:
            self._miss(str(exc))
            return False
        window.take(
            granted=lease.granted,
            used=lease.used,
            window=lease.window,
            ends_at=asked_at + lease.left_ms / 1_000,
            told=owed,
        )
        return True

    def _miss(self, reason: str) -> None:
        if self._clock() >= self._away_until + AWAY_S:
            log.warning("requests are counted in this process: Redis is away", reason=reason)
        self._away_until = self._clock() + AWAY_S
