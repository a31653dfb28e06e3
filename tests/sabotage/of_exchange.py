"""What a connector may do wrong."""

from wickstream.exchange.sequencing.arrival import Arrival
from wickstream.exchange.sequencing.sequencer import Sequencer

_accept = Sequencer.accept


def no_deduplication() -> None:
    """A trade that was published is published again."""

    def accept(self: Sequencer, arrival: Arrival, *, now_s: float) -> None:
        before = self.next_id
        if before is not None and arrival.trade_id < before:
            self._emit(arrival)
            self.next_id = before
        else:
            _accept(self, arrival, now_s=now_s)

    Sequencer.accept = accept  # type: ignore[method-assign]


def no_holes() -> None:
    """What comes is published, whatever is missing before it."""

    def accept(self: Sequencer, arrival: Arrival, *, now_s: float) -> None:
        if self.next_id is not None and arrival.trade_id > self.next_id:
            self.next_id = arrival.trade_id
        _accept(self, arrival, now_s=now_s)

    Sequencer.accept = accept  # type: ignore[method-assign]
