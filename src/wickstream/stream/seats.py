"""Who runs which part of the stream: one process each, whose checkpoint nobody else writes meanwhile."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from wickstream.bus.seat import Seat, free_seats
from wickstream.config import Settings
from wickstream.errors import Fenced
from wickstream.stream.parts import Part

Seats = Sequence[Seat]

_NAMES = {Part.CANDLES: "stream-candles", Part.ALERTS: "stream-alerts"}


@contextmanager
def open_seats(settings: Settings, part: Part) -> Iterator[Seats]:
    """Claims to what the part needs: of all, two."""
    names = _NAMES.values() if part is Part.ALL else (_NAMES[part],)
    with ExitStack() as stack:
        yield [stack.enter_context(Seat(settings.kafka, name)) for name in names]


def leave_to_others(seats: Seats) -> tuple[Part, Seats]:
    """What nobody else runs.

    Raises:
        Held: If others run all of it.
        StoreBusy: If Kafka does not say.
    """
    free = free_seats(seats)
    for seat in seats:
        if seat not in free:
            seat.leave()
    names = {seat.name for seat in free}
    return (Part.ALL if names == set(_NAMES.values()) else _part_named(*names)), free


def require_seats(seats: Seats) -> None:
    """See that nobody took one, which may come about when Kafka does not hear of us for a while and another waits.

    Raises:
        Fenced: If somebody did.
    """
    for seat in seats:
        if seat.is_mine is False:
            raise Fenced(f"another process has taken over ({seat.name}: {seat.holder or 'nobody has said who'})")


def _part_named(name: str) -> Part:
    return next(part for part, own in _NAMES.items() if own == name)
