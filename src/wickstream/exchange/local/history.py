"""One symbol's trades for all time: its tape, repeated loop after loop, with ids and times moved on."""

from bisect import bisect_left
from dataclasses import dataclass
from typing import NamedTuple

from wickstream.exchange.local.tape import NOTHING, Figures, Tape, joined


@dataclass(frozen=True)
class Loops:
    """How the recording repeats; loop 0 is the recording moved by `shift_ms`, with the ids it was recorded with."""

    starts_at_ms: int  # when loop 0 starts
    period_ms: int
    shift_ms: int
    first: int  # below 0 where there is a past
    last: int | None  # None: for ever

    def at(self, time_ms: int) -> int:
        """The loop that plays at `time_ms`, or the nearest there is."""
        loop = max((time_ms - self.starts_at_ms) // self.period_ms, self.first)
        return loop if self.last is None else min(loop, self.last)

    def moved_by(self, loop: int) -> int:
        """How far the times of a loop lie from the recorded ones, in ms."""
        return self.shift_ms + loop * self.period_ms


class Played(NamedTuple):
    """One trade as the exchange tells it."""

    trade_id: int
    price: int  # in the tape's units, as is the quantity
    quantity: int
    traded_at_ms: int
    buyer_is_maker: bool
    counts: bool


class History:
    """Trades are numbered in order; trade 0 is the first of loop 0, numbers below belong to the past."""

    def __init__(self, tape: Tape, loops: Loops) -> None:
        self.tape = tape
        self.loops = loops
        self.first = loops.first * len(tape)
        self.end = None if loops.last is None else (loops.last + 1) * len(tape)

    @property
    def symbol(self) -> str:
        """As the exchange spells it."""
        return self.tape.symbol

    def before(self, time_ms: int) -> int:
        """The number of the first trade at or after `time_ms`: all smaller ones lie before it."""
        loop = self.loops.at(time_ms)
        recorded_ms = time_ms - self.loops.moved_by(loop)
        return loop * len(self.tape) + bisect_left(self.tape.times, recorded_ms)

    def until(self, time_ms: int) -> int:
        """The number of the first trade after `time_ms`."""
        return self.before(time_ms + 1)

    def from_id(self, trade_id: int) -> int:
        """The number of the first trade with this id or a larger one."""
        loop, offset = divmod(trade_id - self.tape.ids[0], self.tape.id_span)
        number = loop * len(self.tape) + bisect_left(self.tape.ids, self.tape.ids[0] + offset)
        number = max(number, self.first)
        return number if self.end is None else min(number, self.end)

    def trade(self, number: int) -> Played:
        """The trade of that number."""
        loop, at = divmod(number, len(self.tape))
        tape = self.tape
        return Played(
            tape.ids[at] + loop * tape.id_span,
            tape.prices[at],
            tape.quantities[at],
            tape.times[at] + self.loops.moved_by(loop),
            bool(tape.maker_buys[at]),
            bool(tape.counts[at]),
        )

    def figures(self, start: int, stop: int) -> Figures:
        """Sums and extremes over the trades numbered `start` to `stop`, exclusive."""
        if start >= stop:
            return NOTHING
        size = len(self.tape)
        (first, head), (last, tail) = divmod(start, size), divmod(stop, size)
        if first == last:
            return self.tape.figures(head, tail)
        between = self.tape.whole.times(last - first - 1)
        return joined((self.tape.figures(head, size), between, self.tape.figures(0, tail)))

    def counted_from(self, number: int) -> Played:
        """The first trade at or after `number` that is not off-book; one must be there."""
        while not (trade := self.trade(number)).counts:
            number += 1
        return trade

    def counted_before(self, number: int) -> Played:
        """The last trade before `number` that is not off-book; one must be there."""
        while not (trade := self.trade(number - 1)).counts:
            number -= 1
        return trade

    def price_before(self, number: int) -> int:
        """The last price before a trade; before the first one, its own."""
        if self.figures(self.first, number).trades:
            return self.counted_before(number).price
        return self.counted_from(self.first).price
