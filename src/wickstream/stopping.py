"""The wish to stop, as a signal handler may safely express it."""

import os
import signal
import time
from typing import Protocol

_SLICE_S = 0.1


class Stop(Protocol):
    """What waits need to know: a `StopFlag`, or a `threading.Event` between threads."""

    def is_set(self) -> bool:
        """Tell whether the stop was asked for."""
        ...

    def wait(self, timeout: float) -> bool:
        """Wait so many seconds at most; tell whether it was asked for."""
        ...


class StopFlag:
    """Like `threading.Event`, but without a lock.

    A handler runs in the main thread, perhaps just while that thread holds the lock of the event it waits for; setting
    the event would then wait for ever.
    """

    def __init__(self) -> None:
        self._is_set = False

    def set(self) -> None:
        """Ask for the stop; any number of times."""
        self._is_set = True

    def is_set(self) -> bool:
        """Tell whether it was asked for."""
        return self._is_set

    def wait(self, timeout: float) -> bool:
        """Sleep, not at all if it is set already; tell whether it is."""
        end_s = time.monotonic() + timeout
        while not self._is_set and (left_s := end_s - time.monotonic()) > 0:
            time.sleep(min(left_s, _SLICE_S))
        return self._is_set


def set_by_signals(stop: StopFlag, *numbers: signal.Signals) -> None:
    """From here on these signals, else SIGTERM and SIGINT, set `stop` and do nothing else."""
    for number in numbers or (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())


def end_by_signals() -> None:
    """From here on SIGTERM and SIGINT end the process on the spot: for a start that leaves nothing half done.

    Not by an exception: in the midst of a call to another process, it would leave the answer to the next call.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(0))
