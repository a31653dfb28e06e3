"""Something the supervisor does once, when what it needs is ready: create topics, migrate tables."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from wickstream.errors import Mistake
from wickstream.operate.supervision.child import State

log = structlog.get_logger()

AGAIN_S = 1.0


@dataclass(frozen=True)
class Step:
    """One such deed; `action` is tried again when it raises, so it must be idempotent."""

    name: str
    action: Callable[[], None]
    after: tuple[str, ...] = ()


class StepRun:
    """A step on its way; it runs in a thread of its own, which does not keep the supervisor from ending."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self.state = State.STARTING
        self.trouble = ""
        self.mistake = ""  # what is for the operator to mend, if that is why it failed
        self._thread: threading.Thread | None = None
        self._again_at = 0.0

    @property
    def name(self) -> str:
        """As shown while starting."""
        return self.step.name

    @property
    def after(self) -> tuple[str, ...]:
        """Names of those that must be ready first."""
        return self.step.after

    @property
    def is_done(self) -> bool:
        """It has succeeded."""
        return self.state is State.READY

    def begin(self) -> None:
        """Do it now."""
        self._thread = threading.Thread(target=self._act, name=self.name, daemon=True)
        self._thread.start()

    def advance(self) -> None:
        """Try again after a failure."""
        if self.state is State.BACKOFF and time.monotonic() >= self._again_at:
            self.state = State.STARTING
            self.begin()

    def _act(self) -> None:
        try:
            self.step.action()
        except Exception as exc:  # noqa: BLE001 - the top of a thread; every cause is shown and tried again
            self.trouble = f"{type(exc).__name__}: {exc}"
            self.mistake = str(exc) if isinstance(exc, Mistake) else ""
            log.warning("a step failed", step=self.name, trouble=self.trouble, again_in_s=AGAIN_S)
            self._again_at = time.monotonic() + AGAIN_S
            self.state = State.BACKOFF
        else:
            self.trouble = self.mistake = ""
            self.state = State.READY
