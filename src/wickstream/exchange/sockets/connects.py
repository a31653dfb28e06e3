"""When a connection may be opened. Pure: the clock is an argument."""

import random
from collections import deque


class ConnectBudget:
    """Never more than `allowed` connections opened in any `window_s` seconds, whoever opens them.

    The exchange bans an address that opens more.
    """

    def __init__(self, *, allowed: int, window_s: float) -> None:
        self._allowed = allowed
        self._window_s = window_s
        self._opened: deque[float] = deque()
        self._banned_until_s = 0.0

    def reserve(self, *, now_s: float) -> float:
        """Take one connection and return 0, or return how many seconds to wait before asking again."""
        while self._opened and now_s - self._opened[0] >= self._window_s:
            self._opened.popleft()
        if now_s < self._banned_until_s:
            return self._banned_until_s - now_s
        if len(self._opened) >= self._allowed:
            return max(0.001, self._window_s - (now_s - self._opened[0]))
        self._opened.append(now_s)
        return 0.0

    def ban(self, seconds: float, *, now_s: float) -> None:
        """The exchange wants to be left alone for so long."""
        self._banned_until_s = max(self._banned_until_s, now_s + seconds)


class Backoff:
    """How long to wait after a failure: full jitter, ever longer in a row of them."""

    def __init__(self, *, first_s: float, cap_s: float, steady_s: float) -> None:
        self._first_s = first_s
        self._cap_s = cap_s
        self._steady_s = steady_s
        self._failures = 0

    def after(self, lived_s: float) -> float:
        """Seconds to wait now that a connection ended that lived so long; 0 if it never opened."""
        if lived_s >= self._steady_s:
            self._failures = 0
            return 0.0
        self._failures += 1
        # min(): 2.0**1024 overflows, and the exchange can be away for days
        longest_s = min(self._cap_s, self._first_s * 2 ** min(self._failures, 16))
        return random.uniform(0, longest_s)  # noqa: S311 (jitter)


class Complaints:
    """How often a connection is renewed because something on it is silent: the silence may be the market's."""

    def __init__(self, *, first_s: float, cap_s: float) -> None:
        self._first_s = first_s
        self._cap_s = cap_s
        self._pause_s = first_s

    def allow(self, *, age_s: float) -> bool:
        """Whether a connection of that age is to be renewed; the next one has to be twice as old."""
        if age_s < self._pause_s:
            return False
        was_long_well = age_s >= 2 * self._cap_s
        self._pause_s = self._first_s if was_long_well else min(self._cap_s, 2 * self._pause_s)
        return True
