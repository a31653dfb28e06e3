"""Frames on their way through the faults that are on, and those that are held back; the clock is an argument."""

import heapq
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from wickstream.exchange.local.faults.frame_faults import Frame, FrameFault


class Distortion:
    """One fault at work: whom it hits next depends on its random numbers only."""

    def __init__(self, fault: FrameFault, random: Random) -> None:
        self._fault = fault
        self._random = random
        self._left = fault.at_most

    def meet(self, frame: Frame, *, is_heard: bool) -> tuple[Frame, ...]:
        """What becomes of a frame. One that nobody hears may have a listener by the time it was held back to."""
        fault = self._fault
        if self._left == 0 or not fault.is_meant(frame) or not (is_heard or fault.holds_back):
            return (frame,)
        if self._random.random() >= fault.share:
            return (frame,)
        if self._left is not None:
            self._left -= 1
        return fault.change(frame, self._random)


class _Held(NamedTuple):
    due_s: float
    number: int
    frame: Frame
    by: Distortion


class Distorter:
    """The faults on one way, in the order they came; frames that pass are delivered."""

    def __init__(
        self,
        deliver: Callable[[str, bytes], None],
        *,
        is_heard: Callable[[str], bool],
        seconds: Callable[[], float],
    ) -> None:
        self._deliver = deliver
        self._is_heard = is_heard
        self._seconds = seconds
        self._distortions: list[Distortion] = []
        self._held: list[_Held] = []
        self._number = 0

    @property
    def is_idle(self) -> bool:
        """Tell whether no fault is on and nothing is held back."""
        return not self._distortions and not self._held

    def add(self, distortion: Distortion) -> None:
        """Put a fault on."""
        self._distortions.append(distortion)

    def remove(self, distortion: Distortion) -> None:
        """Take a fault off; what it holds back comes at once, so that it does not come behind newer frames."""
        if distortion in self._distortions:
            self._distortions.remove(distortion)
            freed = sorted(held for held in self._held if held.by is distortion)
            self._held = [held for held in self._held if held.by is not distortion]
            heapq.heapify(self._held)
            for held in freed:
                self._deliver(held.frame.stream, held.frame.data)

    def send(self, stream: str, data: bytes) -> None:
        """Let one frame pass through all faults."""
        is_heard = self._is_heard(stream)
        passing: list[tuple[Frame, Distortion | None]] = [(Frame(stream, data), None)]
        for distortion in self._distortions:
            passing = [
                (changed, distortion if changed.held_s > frame.held_s else holder)
                for frame, holder in passing
                for changed in distortion.meet(frame, is_heard=is_heard)
            ]
        for frame, holder in passing:
            if holder is None:
                self._deliver(frame.stream, frame.data)
            else:
                self._number += 1
                heapq.heappush(self._held, _Held(self._seconds() + frame.held_s, self._number, frame, holder))

    def release(self) -> None:
        """Deliver what is due."""
        now_s = self._seconds()
        while self._held and self._held[0].due_s <= now_s:
            frame = heapq.heappop(self._held).frame
            self._deliver(frame.stream, frame.data)
