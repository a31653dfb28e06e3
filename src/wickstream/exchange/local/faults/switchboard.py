"""Which faults are on: a schedule over two clocks, both arguments."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import NamedTuple, TypeVar

from wickstream.exchange.local.faults.faults import Timing
from wickstream.exchange.local.faults.frame_faults import Fault

F = TypeVar("F", bound=Fault)


class Now(NamedTuple):
    """One moment on both clocks."""

    real_s: float
    exchange_ms: int


@dataclass(eq=False)
class Switch:
    """One fault, and when it is on."""

    number: int
    fault: Fault
    timing: Timing
    added: Now
    random: Random
    is_on: bool = False
    begun: int = 0  # how often

    @property
    def is_over(self) -> bool:
        """Tell whether it will not be on any more."""
        most = self.timing.times or (None if self.timing.every_s else 1)
        return not self.is_on and most is not None and self.begun >= most

    def left_s(self, now: Now) -> float | None:
        """For how long it is still on; None: until it is removed."""
        if self.timing.for_s is None:
            return None
        return self._start_s(self.begun - 1) + self.timing.for_s - self._clock_s(now)

    def turn(self, now: Now) -> bool:
        """Switch it if it is time; tell whether it was."""
        if self.is_on:
            left_s = self.left_s(now)
            is_time = self.fault.is_momentary or (left_s is not None and left_s <= 0)
        else:
            is_time = not self.is_over and self._clock_s(now) >= self._start_s(self.begun)
        if is_time:
            self.is_on = not self.is_on
            self.begun += self.is_on
        return is_time

    def _start_s(self, times: int) -> float:
        """When it begins after so many times, on its clock."""
        timing = self.timing
        first_s = timing.at_ms / 1_000 if timing.at_ms is not None else timing.after_s or timing.played_s or 0.0
        return first_s + times * (timing.every_s or 0.0)

    def _clock_s(self, now: Now) -> float:
        if self.timing.at_ms is not None:
            return now.exchange_ms / 1_000
        if self.timing.played_s is not None:
            return (now.exchange_ms - self.added.exchange_ms) / 1_000
        return now.real_s - self.added.real_s


class Switchboard:
    """All faults by number, from 1; each has random numbers of its own, by the seed and its number."""

    def __init__(self, *, seed: int = 0) -> None:
        self._seed = seed
        self._switches: dict[int, Switch] = {}
        self._last = 0

    def __iter__(self) -> Iterator[Switch]:
        return iter(list(self._switches.values()))

    def add(self, fault: Fault, timing: Timing, *, now: Now) -> Switch:
        """Take a fault in; `advance` turns it on when it is time."""
        self._last += 1
        switch = Switch(self._last, fault, timing, now, Random(f"{self._seed}/{self._last}"))  # noqa: S311 - a play
        self._switches[switch.number] = switch
        return switch

    def remove(self, number: int) -> Switch | None:
        """Take a fault out and off; None: there is none of that number. The caller ends what it did."""
        return self._switches.pop(number, None)

    def advance(self, now: Now) -> Iterator[Switch]:
        """Turn what is due; each is told as often as it turned, as it then is."""
        for switch in self:
            while switch.turn(now):
                yield switch

    def on(self, kind: type[F]) -> Iterator[tuple[F, Switch]]:
        """Faults of a kind that are on, the first added first."""
        for switch in self._switches.values():
            if switch.is_on and isinstance(switch.fault, kind):
                yield switch.fault, switch
