"""The local exchange's world, computed and not stored: a function of recording, anchor and the time asked about."""

from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from wickstream.events import MINUTE_MS
from wickstream.exchange.local.anchor import Anchor
from wickstream.exchange.local.history import History, Loops
from wickstream.exchange.local.recording import Recording, ReplayPlan
from wickstream.exchange.local.restamp import restamp


class Due(NamedTuple):
    """One frame to be sent."""

    tape: int
    data: bytes


class World:
    """Every trade there ever is, in order; `frame` numbers run over all symbols, frame 0 is the first of loop 0."""

    def __init__(self, recording: Recording, anchor: Anchor, plan: ReplayPlan) -> None:
        self.recording = recording
        self.loops = _loops(recording, anchor, plan)
        self.histories = {tape.symbol: History(tape, self.loops) for tape in recording.tapes}
        self._on_tape = _positions(recording)

    @property
    def starts_at_ms(self) -> int:
        """Trade time of the first frame of loop 0."""
        return self.loops.starts_at_ms

    @property
    def ends_at_ms(self) -> int | None:
        """Trade time of the last frame there is; None: none is the last."""
        if self.loops.last is None:
            return None
        return self.recording.play_times[-1] + self.loops.moved_by(self.loops.last)

    def frames_until(self, time_ms: int) -> int:
        """The number of the first frame after `time_ms`."""
        loop = self.loops.at(time_ms)
        recorded_ms = time_ms - self.loops.moved_by(loop)
        return loop * len(self._on_tape) + bisect_right(self.recording.play_times, recorded_ms)

    def time_of(self, frame: int) -> int | None:
        """Trade time (ms) of a frame; None after the last one."""
        loop, at = divmod(frame, len(self._on_tape))
        if self.loops.last is not None and loop > self.loops.last:
            return None
        return self.recording.play_times[at] + self.loops.moved_by(loop)

    def frames(self, start: int, stop: int) -> Iterator[Due]:
        """Frames `start` to `stop`, exclusive: byte for byte as captured where nothing is moved."""
        for number in range(start, stop):
            loop, at = divmod(number, len(self._on_tape))
            number_of_tape = self.recording.play_tapes[at]
            tape = self.recording.tapes[number_of_tape]
            data = tape.data[self._on_tape[at]]
            moved_by = self.loops.moved_by(loop)
            if moved_by or loop:
                data = restamp(data, by_ms=moved_by, by_ids=loop * tape.id_span)
            yield Due(number_of_tape, data)


def _loops(recording: Recording, anchor: Anchor, plan: ReplayPlan) -> Loops:
    first, last = recording.play_times[0], recording.play_times[-1]
    past = min(tape.ids[0] // tape.id_span for tape in recording.tapes) if plan.demo else 0
    return Loops(
        starts_at_ms=first + anchor.shift_ms,
        period_ms=(last - first) // MINUTE_MS * MINUTE_MS + MINUTE_MS,
        shift_ms=anchor.shift_ms,
        first=-past,
        last=None if plan.demo or plan.loop else 0,
    )


def _positions(recording: Recording) -> list[int]:
    """For each frame in order of playing, where it stands on its tape."""
    seen = [0] * len(recording.tapes)
    positions = []
    for tape in recording.play_tapes:
        positions.append(seen[tape])
        seen[tape] += 1
    return positions
