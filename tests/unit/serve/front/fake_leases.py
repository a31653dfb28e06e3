"""The common count in memory, as the script in Redis keeps it."""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

from wickstream.errors import StoreBusy
from wickstream.store.hot.leases import WINDOW_MS, Lease


@dataclass
class FakeLeases:
    """Answers at once, or when `gate` opens, or not at all."""

    clock: Callable[[], float] = lambda: 0.0
    is_away: bool = False
    gate: asyncio.Event | None = None
    asked: int = 0
    _windows: dict[str, tuple[str, int, float]] = field(default_factory=dict)  # id, used, ends at
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def ask(self, name: str, *, limit: int, wanted: int, known: str, owed: int, used: int) -> Lease:
        self.asked += 1
        if self.gate:
            await self.gate.wait()
        return self.lend(name, limit=limit, wanted=wanted, known=known, owed=owed, used=used)

    def lend(self, name: str, *, limit: int, wanted: int, known: str, owed: int, used: int) -> Lease:
        if self.is_away:
            raise StoreBusy("Redis: away")
        window, counted, ends_at = self._windows.get(name, ("", 0, 0.0))
        if not window or ends_at <= self.clock():
            window, counted, ends_at = str(next(self._ids)), 0, self.clock() + WINDOW_MS / 1_000
        counted = (counted if window == known else max(counted, used)) + owed
        granted = max(0, min(wanted, limit - counted))
        self._windows[name] = (window, counted + granted, ends_at)
        return Lease(granted, counted + granted, round((ends_at - self.clock()) * 1_000), window)

    def lose_memory(self) -> None:
        self._windows.clear()

    async def aclose(self) -> None:
        """Nothing to let go of."""
