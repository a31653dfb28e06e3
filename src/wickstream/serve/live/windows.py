"""One symbol's candles of one interval as they go on: from minutes, to what a kline stream says. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from wickstream.candle import Candle, roll_up, supersedes, window_end, window_start

KEEP_UNPROVEN = 100  # windows that have ended and wait for their proof; older ones are given up
MOST_PARTS = 200  # of a window, behind what is closed without a hole; more is read anew, in longer pieces


class Told(NamedTuple):
    """What there is to say.

    Attributes:
        candle: of the interval; `closed` is the proof.
        is_newest: no later window has begun.
    """

    candle: Candle
    is_newest: bool


class _Window:
    """What is known of one window: what is closed from its beginning on, as one candle, and the parts behind it."""

    def __init__(self, interval: str, open_time: int) -> None:
        self.parts: dict[int, Candle] = {}
        self._interval = interval
        self._open_time = open_time
        self._end = window_end(open_time, interval)
        self._base: Candle | None = None

    @property
    def base_end(self) -> int:
        """First ms that is not part of what is closed without a hole."""
        return self._base.close_time + 1 if self._base else self._open_time

    @property
    def is_closed(self) -> bool:
        return self.base_end == self._end

    def take(self, part: Candle) -> bool:
        """Whether it says anything new."""
        if self._covers(part):
            return False
        held = self.parts.get(part.open_time)
        if held is not None and not supersedes(part, held):
            return False
        self.parts[part.open_time] = part
        while (following := self.parts.get(self.base_end)) is not None and following.closed:
            del self.parts[following.open_time]
            self._base = self._joined([self._base, following] if self._base else [following])
            self._base = msgspec.structs.replace(self._base, close_time=following.close_time, closed=True)
        return True

    def is_outdated_by(self, minute: Candle) -> bool:
        """Whether it is part of a piece that was taken before, and may change it."""
        is_in_base = minute.open_time < self.base_end
        return minute.closed and self._covers(minute) and (minute.revision > 0 or not is_in_base)

    def _covers(self, part: Candle) -> bool:
        return part.open_time < self.base_end or any(
            piece.interval != part.interval and piece.open_time <= part.open_time <= piece.close_time
            for piece in self.parts.values()
        )

    def candle(self) -> Candle:
        """All of it, at least one part."""
        behind = [self.parts[open_time] for open_time in sorted(self.parts)]
        whole = self._joined([self._base, *behind] if self._base else behind)
        return msgspec.structs.replace(whole, closed=self.is_closed)

    def _joined(self, parts: Sequence[Candle]) -> Candle:
        return next(roll_up(parts, self._interval))


class Windows:
    """The running window, and those that have ended and are not proven yet; each is told as closed once."""

    def __init__(self, interval: str) -> None:
        self.has_begun = False
        self.is_stale = False  # what is stored says more than what was taken: to `begin` again
        self._interval = interval
        self._windows: dict[int, _Window] = {}
        self._newest = -1
        self._early: dict[int, Candle] = {}  # minutes that came before the beginning

    @property
    def unproven(self) -> list[int]:
        """Open times of windows that have ended without being told as closed."""
        return [open_time for open_time in self._windows if open_time < self._newest]

    def begin(self, parts: Sequence[Candle]) -> list[Told]:
        """What is stored of the running window, in pieces of any width that lie in it, in order of time."""
        is_first, self.has_begun, self.is_stale = not self.has_begun, True, False
        if parts:
            open_time = window_start(parts[-1].open_time, self._interval)
            self._open_until(open_time)
            if is_first or open_time in self._windows:  # else it was told as closed meanwhile
                self._windows[open_time] = self._filled(open_time, parts)
        told = [said for minute in sorted(self._early.values(), key=_open_time) for said in self.take(minute)]
        self._early = {}
        return told or self._now()

    def _filled(self, open_time: int, parts: Sequence[Candle]) -> _Window:
        window, held = _Window(self._interval, open_time), self._windows.get(open_time)
        for part in (*parts, *(held.parts.values() if held else ())):
            window.take(part)
        return window

    def _now(self) -> list[Told]:
        window = self._windows.get(self._newest)
        return self._said(self._newest) if window is not None else []

    def take(self, minute: Candle) -> list[Told]:
        """A minute, forming or closed, perhaps known or old."""
        if not self.has_begun:
            held = self._early.get(minute.open_time)
            if held is None or supersedes(minute, held):
                self._early[minute.open_time] = minute
            return []
        open_time = window_start(minute.open_time, self._interval)
        self._open_until(open_time)
        window = self._windows.get(open_time)
        if window is None:
            return []
        self.is_stale = self.is_stale or window.is_outdated_by(minute) or len(window.parts) > MOST_PARTS
        is_news = window.take(minute) and (open_time == self._newest or window.is_closed)
        return self._said(open_time) if is_news else []

    def prove(self, candle: Candle) -> list[Told]:
        """A closed one of the interval itself, as it is stored."""
        if self._windows.pop(candle.open_time, None) is None:
            return []
        return [Told(candle, candle.open_time == self._newest)]

    def _said(self, open_time: int) -> list[Told]:
        window = self._windows[open_time]
        if window.is_closed:
            del self._windows[open_time]
        return [Told(window.candle(), open_time == self._newest)]

    def _open_until(self, open_time: int) -> None:
        """A window without trades is one, too: it is opened by what comes after it."""
        opened = [open_time] if open_time > self._newest else []
        while opened and self._newest >= 0 and len(opened) < KEEP_UNPROVEN:
            before = window_start(opened[-1] - 1, self._interval)
            if before <= self._newest:
                break
            opened.append(before)
        for start in reversed(opened):
            self._windows[start] = _Window(self._interval, start)
        self._newest = max(self._newest, open_time)
        while len(self._windows) > KEEP_UNPROVEN:
            del self._windows[min(self._windows)]


def _open_time(candle: Candle) -> int:
    return candle.open_time
