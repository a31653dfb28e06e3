"""Waiting for a store that is away."""

import random
from collections.abc import Callable
from typing import Protocol, TypeVar

import structlog

from wickstream import metrics
from wickstream.errors import SinkBusy, StoreBusy

log = structlog.get_logger(__name__)

FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 5.0

Result = TypeVar("Result")


def pause_s(attempt: int) -> float:
    """Seconds before attempt `attempt + 1`: doubling, and jittered so that what failed together does not return so."""
    doublings = min(attempt - 1, 16)  # a store may be away for days, and 2.0**1024 overflows
    ceiling = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0**doublings)
    return ceiling * random.uniform(0.5, 1.0)  # noqa: S311


class Pause(Protocol):
    """How one waits: a `Stop`, or a member of a group that has others to answer meanwhile."""

    def wait(self, timeout: float) -> bool:
        """Wait so many seconds at most; tell whether to give up."""
        ...


class Patience:
    """Repeats what fails with StoreBusy until it succeeds or `pause` says to give up."""

    def __init__(self, pause: Pause, *, tier: str) -> None:
        self._pause = pause
        self._tier = tier
        metrics.TIER_WRITES.labels(tier, "failed")  # so that it reads 0 before the first

    def repeat(self, action: Callable[[], Result], given_up: Result) -> Result:
        """What `action` returns; `given_up` if told to give up first."""
        attempt = 0
        while True:
            try:
                result = action()
            except StoreBusy as exc:
                attempt += 1
                self._tell(attempt, exc)
                asked_s = exc.retry_after_s if isinstance(exc, SinkBusy) else 0.0
                if self._pause.wait(max(asked_s, pause_s(attempt))):
                    return given_up
            else:
                if attempt:
                    log.info("store answers again", tier=self._tier, attempts=attempt)
                return result

    def _tell(self, attempt: int, exc: StoreBusy) -> None:
        metrics.TIER_WRITES.labels(self._tier, "failed").inc()
        if attempt & (attempt - 1) == 0:  # the first, second, fourth …: enough to see it, not a line each second
            log.warning("store is busy", tier=self._tier, attempt=attempt, error=str(exc))
