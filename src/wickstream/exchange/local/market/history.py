"""One symbol's trades for all time: its tape, repeated loop after loop, with ids and times moved on."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from wickstream.exchange.local.faults.numbering import Numbering
from wickstream.exchange.local.market.career import ALWAYS_LISTED, Career
from wickstream.exchange.local.market.figures import NOTHING, Figures, joined
from wickstream.exchange.local.market.tape import Tape


@dataclass(frozen=True)
class Loops:
    """How a tape repeats; loop 0 is the recording moved by `shift_ms`, with the ids it was recorded with."""

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


class Pause(NamedTuple):
    """A time in which the symbol did not trade, beside those of its career; status None: it was not listed."""

    start_ms: int
    end_ms: int | None  # None: it goes on
    status: str | None


class Stretch(NamedTuple):
    """Neighbouring trades of one loop: positions on the tape, and how far the loop is moved."""

    start: int
    stop: int
    by_ms: int
    by_ids: int


class History:
    """Trades are numbered in order; trade 0 is the first of loop 0, numbers below belong to the past."""

    def __init__(
        self, tape: Tape, loops: Loops, *, career: Career = ALWAYS_LISTED, ends_at_ms: int | None = None
    ) -> None:
        """`ends_at_ms`: no trade after it, whatever the loops say."""
        self.tape = tape
        self.loops = loops
        self.first = loops.first * len(tape)
        self.end = None if loops.last is None else (loops.last + 1) * len(tape)
        self.numbering = Numbering()
        self.pauses: list[Pause] = []
        self._career = career
        if career.listed_at_ms is not None:
            self.first = self.before(loops.starts_at_ms + career.listed_at_ms)
        if career.delisted_at_ms is not None:
            self.end = self.before(loops.starts_at_ms + career.delisted_at_ms)
        if ends_at_ms is not None:
            self.end = self.until(ends_at_ms)

    @property
    def symbol(self) -> str:
        """As the exchange spells it."""
        return self.tape.symbol

    def before(self, time_ms: int) -> int:
        """The number of the first trade at or after `time_ms`: all smaller ones lie before it."""
        loop = self.loops.at(time_ms)
        recorded_ms = time_ms - self.loops.moved_by(loop)
        return self._within(loop * len(self.tape) + bisect_left(self.tape.times, recorded_ms))

    def until(self, time_ms: int) -> int:
        """The number of the first trade after `time_ms`."""
        return self.before(time_ms + 1)

    def from_id(self, trade_id: int) -> int:
        """The number of the first trade with this id or a larger one."""
        return self._planned_from(self.numbering.planned(trade_id))

    def planned_id(self, number: int) -> int:
        """The id a trade has, unless ids were skipped or trades did not happen."""
        loop, at = divmod(number, len(self.tape))
        return self.tape.ids[at] + loop * self.tape.id_span

    def happening(self, start: int, stop: int) -> Iterator[range]:
        """The numbers from `start` to `stop`, exclusive, without trades that do not happen."""
        if self.numbering.is_plain or start >= stop:
            yield range(start, stop)
            return
        for first, last in self.numbering.happening(self.planned_id(start), self.planned_id(stop)):
            yield range(self._planned_from(first), self._planned_from(last))

    def _planned_from(self, trade_id: int) -> int:
        loop, offset = divmod(trade_id - self.tape.ids[0], self.tape.id_span)
        return self._within(loop * len(self.tape) + bisect_left(self.tape.ids, self.tape.ids[0] + offset))

    def trade(self, number: int) -> Played:
        """The trade of that number; one that does not happen counts not, and has the id of the next."""
        loop, at = divmod(number, len(self.tape))
        tape = self.tape
        planned = tape.ids[at] + loop * tape.id_span
        given = self.numbering.given(planned)
        return Played(
            self.numbering.given_next(planned) if given is None else given,
            tape.prices[at],
            tape.quantities[at],
            tape.times[at] + self.loops.moved_by(loop),
            bool(tape.maker_buys[at]),
            given is not None and bool(tape.counts[at]),
        )

    def stretches(self, start: int, stop: int) -> Iterator[Stretch]:
        """The trades numbered `start` to `stop`, exclusive, loop by loop."""
        size = len(self.tape)
        while start < stop:
            loop, at = divmod(start, size)
            count = min(stop - start, size - at)
            yield Stretch(at, at + count, self.loops.moved_by(loop), loop * self.tape.id_span)
            start += count

    def figures(self, start: int, stop: int) -> Figures:
        """Sums and extremes over the trades numbered `start` to `stop`, exclusive."""
        if self.numbering.is_plain:
            return self._figures(start, stop)
        return joined([self._figures(part.start, part.stop) for part in self.happening(start, stop)])

    def _figures(self, start: int, stop: int) -> Figures:
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
        number = self.happening_from(number)
        while not (trade := self.trade(number)).counts:
            number = self.happening_from(number + 1)
        return trade

    def happening_from(self, number: int) -> int:
        """The first number from this one on whose trade happens."""
        if self.numbering.is_plain:
            return number
        return self._planned_from(self.numbering.next_start(self.planned_id(number)))

    def happening_before(self, number: int) -> int:
        """The end (exclusive) of the numbers before this one whose trades happen."""
        if self.numbering.is_plain:
            return number
        return self._planned_from(self.numbering.last_stop(self.planned_id(number - 1) + 1))

    def counted_before(self, number: int) -> Played:
        """The last trade before `number` that is not off-book; one must be there."""
        number = self.happening_before(number)
        while not (trade := self.trade(number - 1)).counts:
            number = self.happening_before(number - 1)
        return trade

    def price_before(self, number: int) -> int:
        """The last price before a trade; before the first one, its own."""
        while (number := self.happening_before(number)) > self.first:
            number -= 1
            if (trade := self.trade(number)).counts:
                return trade.price
        return self.counted_from(self.first).price

    def status(self, now_ms: int) -> str | None:
        """What exchangeInfo says of the symbol; None: it is not listed."""
        for pause in self.pauses:
            if pause.start_ms <= now_ms + 1 and (pause.end_ms is None or now_ms + 1 < pause.end_ms):
                return pause.status
        since_open_ms = now_ms - self.loops.starts_at_ms
        return self._career.status(since_open_ms, since_open_ms % self.loops.period_ms)

    def is_shut(self, start_ms: int, end_ms: int) -> bool:
        """Tell whether the symbol did not trade at any time from `start_ms` to `end_ms`, exclusive."""
        career, opened_ms = self._career, self.loops.starts_at_ms
        if any(
            pause.start_ms <= start_ms and (pause.end_ms is None or end_ms <= pause.end_ms) for pause in self.pauses
        ):
            return True
        if career.delisted_at_ms is not None and start_ms >= opened_ms + career.delisted_at_ms:
            return True
        if career.listed_at_ms is not None and end_ms <= opened_ms + career.listed_at_ms:
            return True
        since_loop_ms = (start_ms - opened_ms) % self.loops.period_ms
        until_loop_ms = since_loop_ms + end_ms - start_ms
        return any(halt.start_ms <= since_loop_ms and until_loop_ms <= halt.end_ms for halt in career.halts)

    def _within(self, number: int) -> int:
        number = max(number, self.first)
        return number if self.end is None else min(number, self.end)
