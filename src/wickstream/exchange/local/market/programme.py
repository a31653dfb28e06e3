"""What is played when: the trades of all symbols in one order, made ready a window of time at a time."""

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import repeat
from typing import NamedTuple

from wickstream.exchange.local.market.history import History

_FRAMES_PER_WINDOW = 4_096  # so many are made in some milliseconds, and more pay for looking through all symbols
_WINDOW_MS = (10, 3_600_000)  # at least and at most
_KEPT = 8  # windows

Due = tuple[int, bytes]  # a frame to be sent: the number of its symbol, and the data


class _Window(NamedTuple):
    first: int  # the number of its first frame
    times: list[int]
    frames: list[Due]

    @property
    def stop(self) -> int:
        return self.first + len(self.times)


class Programme:
    """Frames of all symbols, numbered by trade time; at the same time in the order of symbols, then of ids."""

    def __init__(self, histories: Sequence[History]) -> None:
        self._histories = histories
        self._width_ms = _width_ms(histories)
        self._window = lru_cache(maxsize=_KEPT)(self._made)
        self._near = 0
        self._first = sum(history.first for history in histories)
        ends = [history.end for history in histories]
        self._end = None if None in ends else sum(end for end in ends if end is not None)

    def until(self, time_ms: int) -> int:
        """The number of the first frame after `time_ms`."""
        window = self._window(time_ms // self._width_ms)
        return window.first + bisect_right(window.times, time_ms)

    def time_of(self, number: int) -> int | None:
        """Trade time (ms) of a frame; None after the last one; before the first one, that one's."""
        number = max(number, self._first)
        if self._end is not None and number >= self._end:
            return None
        window = self._window(self._holding(number))
        return window.times[number - window.first]

    def frames(self, start: int, stop: int) -> list[Due]:
        """Frames `start` to `stop`, exclusive; none before the first and after the last one."""
        start = max(start, self._first)
        stop = stop if self._end is None else min(stop, self._end)
        found: list[Due] = []
        while start < stop:
            window = self._window(self._holding(start))
            part = window.frames[start - window.first : stop - window.first]
            found += part
            start += len(part)
        return found

    def _holding(self, number: int) -> int:
        """Which window holds a frame that there is."""
        near = self._window(self._near)
        if not near.first <= number < near.stop:
            following = self._window(self._near + 1)
            is_next = following.first <= number < following.stop
            self._near = self._near + 1 if is_next else self._found(number)
        return self._near

    def _found(self, number: int) -> int:
        """The first window with a frame after `number` at its end, from ever wider surroundings of the last one."""
        reach = 1
        low = high = self._near
        while self._count_before(low) > number:
            low, reach = low - reach, 2 * reach
        while self._count_before(high + 1) <= number:
            high, reach = high + reach, 2 * reach
        return bisect_right(range(low, high), number, key=lambda at: self._count_before(at + 1)) + low

    def _count_before(self, window: int) -> int:
        time_ms = window * self._width_ms
        return sum(history.before(time_ms) for history in self._histories)

    def _made(self, number: int) -> _Window:
        """All symbols' frames of a window; a stable sort keeps the order of ids."""
        since_ms, until_ms = number * self._width_ms, (number + 1) * self._width_ms
        first = 0
        times: list[int] = []
        frames: list[Due] = []
        for tape, history in enumerate(self._histories):
            start = history.before(since_ms)
            first += start
            for stretch in history.stretches(start, history.before(until_ms)):
                at, stop, by_ms, by_ids = stretch
                times += [time_ms + by_ms for time_ms in history.tape.times[at:stop]]
                frames += zip(repeat(tape), history.tape.frames(at, stop, by_ms=by_ms, by_ids=by_ids))
        order = sorted(range(len(times)), key=times.__getitem__)
        return _Window(first, [times[at] for at in order], [frames[at] for at in order])


def _width_ms(histories: Sequence[History]) -> int:
    per_ms = sum(len(history.tape) / history.loops.period_ms for history in histories)
    least, most = _WINDOW_MS
    return max(least, min(most, int(_FRAMES_PER_WINDOW / per_ms)))
