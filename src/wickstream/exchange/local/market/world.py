"""The local exchange's world, computed and not stored: a function of recording, anchor and the time asked about."""

from dataclasses import replace

from wickstream.events import MINUTE_MS
from wickstream.exchange.local.market.anchor import Anchor
from wickstream.exchange.local.market.career import ALWAYS_LISTED
from wickstream.exchange.local.market.history import History, Loops
from wickstream.exchange.local.market.programme import Due, Programme
from wickstream.exchange.local.market.recording import Recording, ReplayPlan
from wickstream.exchange.local.market.tape import Tape


class World:
    """Every trade there ever is, in order; `frame` numbers run over all symbols."""

    def __init__(self, recording: Recording, anchor: Anchor, plan: ReplayPlan) -> None:
        self.recording = recording
        self.starts_at_ms = recording.first_ms + anchor.shift_ms  # of loop 0
        self.ends_at_ms = _end_ms(recording, anchor, plan)  # of the last frame there is; None: none is the last
        loops = _loops(recording, anchor, plan)
        self.histories = {
            tape.symbol: History(
                tape,
                _loops_of(tape, loops),
                career=recording.careers.get(tape.symbol, ALWAYS_LISTED),
                ends_at_ms=self.ends_at_ms,
            )
            for tape in recording.tapes
        }
        self._programme = Programme(tuple(self.histories.values()))

    def frames_until(self, time_ms: int) -> int:
        """The number of the first frame after `time_ms`."""
        return self._programme.until(time_ms)

    def time_of(self, frame: int) -> int | None:
        """Trade time (ms) of a frame; None after the last one."""
        return self._programme.time_of(frame)

    def frames(self, start: int, stop: int) -> list[Due]:
        """Frames `start` to `stop`, exclusive: byte for byte as captured where nothing is moved."""
        return self._programme.frames(start, stop)


def _end_ms(recording: Recording, anchor: Anchor, plan: ReplayPlan) -> int | None:
    if plan.generated:
        seconds = plan.generated.seconds
        return None if seconds is None else recording.first_ms + anchor.shift_ms + seconds * 1_000 - 1
    return None if plan.demo or plan.loop else recording.last_ms + anchor.shift_ms


def _loops(recording: Recording, anchor: Anchor, plan: ReplayPlan) -> Loops:
    """How all tapes repeat that do not repeat by themselves."""
    first, last = recording.first_ms, recording.last_ms
    past = min(tape.ids[0] // tape.id_span for tape in recording.tapes) if plan.demo else 0
    return Loops(
        starts_at_ms=first + anchor.shift_ms,
        period_ms=(last - first) // MINUTE_MS * MINUTE_MS + MINUTE_MS,
        shift_ms=anchor.shift_ms,
        first=-past,
        last=None if plan.demo or plan.loop else 0,
    )


def _loops_of(tape: Tape, common: Loops) -> Loops:
    if tape.repeat is None:
        return common
    return replace(common, period_ms=tape.repeat.period_ms, first=-tape.repeat.past, last=None)
