"""The wish to stop, as a signal handler may safely express it."""

import time


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

    def wait(self, timeout_s: float) -> bool:
        """Sleep, not at all if it is set already; tell whether it is."""
        if not self._is_set:
            time.sleep(timeout_s)
        return self._is_set
