"""The exchange's clock: held, running at a factor of real time, or pushed on by what was played."""

from collections.abc import Callable
from typing import Protocol


class Readable(Protocol):
    """A clock of the exchange, as far as answers need it."""

    def read_ms(self) -> int:
        """Now, as the exchange sees it."""
        ...


class PlayedClock:
    """Stands still until started; never passes `end_ms`.

    Attributes:
        speed: exchange seconds per real second; None: the player pushes it on.
    """

    def __init__(
        self, *, held_at_ms: int, end_ms: int | None, speed: float | None, real_seconds: Callable[[], float]
    ) -> None:
        self.speed = speed
        self._origin_ms = held_at_ms
        self._end_ms = end_ms
        self._real_seconds = real_seconds
        self._started_at: float | None = None

    def start(self, *, at: float | None = None) -> None:
        """Let it run, since `at` on the real clock if that was earlier than now."""
        self._started_at = self._real_seconds() if at is None else at

    def push(self, to_ms: int) -> None:
        """Set it forward: at full speed time is what was played."""
        self._origin_ms = max(self._origin_ms, to_ms)

    def read_ms(self) -> int:
        """Now, as the exchange sees it."""
        now_ms = self._origin_ms
        if self._started_at is not None and self.speed is not None:
            now_ms += int((self._real_seconds() - self._started_at) * 1_000 * self.speed)
        return now_ms if self._end_ms is None else min(now_ms, self._end_ms)

    def real_seconds_until(self, time_ms: int) -> float:
        """How long to wait for a moment of the exchange."""
        return max(0.0, (time_ms - self.read_ms()) / 1_000 / (self.speed or 1.0))
