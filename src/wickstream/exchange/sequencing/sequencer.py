"""One symbol's trades in the order of their ids, each once. Pure: the clock is an argument.

Rules 2–6 and 12 of docs/design.md: ids decide what is lost, doubled or out of order; nothing is guessed.
"""

from collections.abc import Iterable

import msgspec

from wickstream.binance.frames import SwiftTrade
from wickstream.events import Gap, Mark, Ticker
from wickstream.exchange.sequencing.arrival import Arrival, Run
from wickstream.exchange.sequencing.holes import HoldingRoom, Hole, open_entry, without
from wickstream.exchange.sequencing.marks import ProvenMark
from wickstream.exchange.sequencing.minutes import MinuteBook

# Ids, fewer than a minute's weight can fetch; one message that claims more is believed when another one agrees.
PLAUSIBLE_JUMP = 100_000


class Sequencer:
    """Holds back what comes too early, drops what came before, and names what is missing.

    Until `resume` or `start_at` has said where to begin, everything is held.

    Attributes:
        next_id: the id that is next in order.
        duplicates: how many trades came again.
        newest_ms: trade time of the newest one in order; 0 before the first.
        statistics_lag_ms: the most by which a ticker was seen to be behind the trades; what it proves rests on a bound.
        swift_from_ms, swift_until_ms: a trade with that id and a time within may be taken by `take_swiftly`.
    """

    def __init__(self, symbol: str, room: HoldingRoom) -> None:
        self.symbol = symbol
        self.minutes = MinuteBook(symbol)
        self.next_id: int | None = None
        self.swift_from_ms = self.swift_until_ms = 0
        self.duplicates = 0
        self.newest_ms = 0
        self.statistics_lag_ms = 0
        self._room = room
        self._held: dict[int, tuple[Arrival, float]] = {}  # and since when, process clock
        self._highest_held = -1  # of those held, where any is
        self._newest_known = -1
        self._newest_known_s = 0.0
        self._hole_at_s: float | None = None
        self._hole_first = -1
        self._suspect = -1  # an id too far ahead to be believed at once
        self._ready: list[Run] = []
        self._gaps: list[Gap] = []

    @property
    def held(self) -> int:
        """How many trades are held back."""
        return len(self._held)

    def resume(
        self,
        mark: Mark | None,
        since: Iterable[Arrival],
        *,
        now_s: float,
        next_id: int | None = None,
        since_ms: int = 0,
        known_at_ms: int | None = None,
        is_silent: bool = False,
        listed: Iterable[Gap] = (),
        detected_at_ms: int = 0,
    ) -> None:
        """Start where a predecessor stopped: its newest mark, then the trades published since, oldest first.

        Those are counted again but not published again. Where they are not contiguous the minute stays unproven, and
        what is missing becomes an entry, if it is in none of those `listed`. Without a mark, `next_id` is where the
        predecessor began, or knew of nothing to come. `since_ms`: of the mark, as of ProvenMark.
        """
        self.next_id = next_id
        if is_silent and mark is None and known_at_ms is not None:
            self.minutes.begin_after(known_at_ms)
        else:
            self.minutes.nothing_since_ms = known_at_ms
        if mark is not None:
            self.minutes.resume(mark, since_ms=since_ms)
            self.next_id = mark.next_trade_id
        listed = sorted(listed, key=lambda gap: gap.first_trade_id or 0)
        jumps = []
        for arrival in since:
            if self.next_id is not None and arrival.trade_id < self.next_id:
                continue  # going back would publish again what is there
            if self.next_id is not None and arrival.trade_id > self.next_id:
                jumps.append(Hole(self.symbol, self.next_id, arrival.trade_id - 1, now_s, now_s, now_s))
                self.minutes.start_over()
                known_ms = [gap.detected_at for gap in listed if arrival.trade_id - 1 in gap.ids]
                self.minutes.begin_after(min([*known_ms, arrival.traded_at_ms]))
            self.minutes.add(arrival)
            self.next_id, self.newest_ms = arrival.trade_id + 1, arrival.traded_at_ms
        for gap in listed:
            if self.next_id in gap.ids:  # it is repair's by now
                self.next_id = gap.ids.stop
                self.minutes.start_over()
                self.minutes.begin_after(gap.detected_at)
        unlisted = (part for jump in jumps for part in without(jump, listed))
        self._gaps += [open_entry(part, detected_at_ms, "not published before a restart") for part in unlisted]
        self.minutes.stamp(since_ms)
        self._begin(now_s)

    @property
    def first_known_id(self) -> int | None:
        """The first id that is known to exist; None before any is."""
        if self._held:
            return min(self._held)
        return self._newest_known + 1 if self._newest_known >= 0 else None

    def start_at(
        self, trade_id: int, *, now_s: float, since_ms: int | None = None, is_first_ever: bool = False
    ) -> None:
        """Cold start: nothing is known, begin with this id. Its minute stays unproven, unless no id is before it."""
        self.next_id = trade_id
        self.minutes.begins_whole, self.minutes.nothing_since_ms = is_first_ever, since_ms
        self._begin(now_s)

    def accept(self, arrival: Arrival, *, now_s: float) -> None:
        """Take a trade from a socket or from REST, in any order, any number of times."""
        trade_id = arrival.trade_id
        if trade_id == self.next_id:
            self._emit(arrival)
            if self._hole_at_s is not None:  # always so where something is held
                self._drain(now_s)
            self._find_swift()
        elif self.next_id is not None and trade_id < self.next_id:
            self.duplicates += 1
        else:
            self._know(trade_id, now_s)
            self._hold(arrival, now_s)
            self._note_hole(now_s)

    def take_swiftly(self, run: Run, last: SwiftTrade) -> None:
        """Take consecutive trades that need no second look, up to `last`; `next_id` was moved on already."""
        self.minutes.add_run(run.first_id, len(run.data), last.price)
        self.newest_ms = last.traded_at
        self._ready.append(run)

    def _find_swift(self) -> None:
        nothing_is_open = self._hole_at_s is None
        self.swift_from_ms, self.swift_until_ms = self.minutes.window_ms if nothing_is_open else (0, 0)

    def is_plausible(self, trade_id: int) -> bool:
        """Whether a socket's message may be believed: one wrong id must not end a symbol."""
        newest = max(self._newest_known, (self.next_id or 0) - 1)
        if newest < 0 or trade_id <= newest + PLAUSIBLE_JUMP or abs(trade_id - self._suspect) <= PLAUSIBLE_JUMP:
            return True
        self._suspect = trade_id
        return False

    def knows_of(self, trade_id: int, *, now_s: float, age_s: float = 0.0) -> None:
        """An id exists, though its trade is not here; `age_s`: so long it might as well have been known."""
        self._know(trade_id, now_s)
        self._note_hole(now_s - age_s)

    def _know(self, trade_id: int, now_s: float) -> None:
        if trade_id > self._newest_known:
            self._newest_known, self._newest_known_s = trade_id, now_s

    def on_ticker(self, ticker: Ticker, *, now_s: float) -> None:
        """The audit channel: its last id reveals what the trade stream kept silent about, or proves silence."""
        if self.is_plausible(ticker.last_trade_id):
            self.audit(ticker.last_trade_id, closed_at_ms=ticker.closed_at_ms, now_s=now_s)

    def audit(self, last_trade_id: int, *, closed_at_ms: int, now_s: float) -> None:
        """As of `closed_at_ms` that was the last id."""
        if self.newest_ms and self.next_id is not None and 0 <= last_trade_id < self.next_id - 1:
            self.statistics_lag_ms = max(self.statistics_lag_ms, closed_at_ms - self.newest_ms)
        self.knows_of(last_trade_id, now_s=now_s)
        # -1: no trade in its 24 hours, which does not say which one was the last
        if self.next_id is not None and 0 <= last_trade_id < self.next_id:
            is_level = last_trade_id == self.next_id - 1
            self.minutes.prove_by_ticker(closed_at_ms, next_trade_id=self.next_id, is_level=is_level)
            self._find_swift()

    def hole(self) -> Hole | None:
        """The ids missing right now, up to the first one held."""
        if self.next_id is None or self._hole_at_s is None:
            return None
        if not self._held:
            return Hole(self.symbol, self.next_id, self._newest_known, self._hole_at_s, None, self._newest_known_s)
        behind = min(self._held)
        held_s = self._held[behind][1]
        return Hole(self.symbol, self.next_id, behind - 1, self._hole_at_s, held_s, held_s)

    def break_segment(self, *, detected_at_ms: int, now_s: float, evidence: str) -> None:
        """Give a hole up for now: an open entry for the ledger, and on with the first trade behind it."""
        hole = self.hole()
        if hole is not None:
            self.give_up_hole(hole, detected_at_ms=detected_at_ms, now_s=now_s, evidence=evidence)

    def give_up_hole(self, hole: Hole, *, detected_at_ms: int, now_s: float, evidence: str) -> None:
        """As `break_segment`, if it is still the hole there is."""
        if self.hole() == hole:
            self._gaps.append(open_entry(hole, detected_at_ms, evidence))
            self.minutes.start_over()
            if hole.bounded_at_s is None:  # else what is behind it tells
                self.minutes.begin_after(detected_at_ms)
            self._go_on_behind(hole, now_s)

    def skip(self, hole: Hole, *, detected_at_ms: int, now_s: float, evidence: str) -> None:
        """Ids the exchange seems not to have: on without them; its klines will tell whether it counts any there.

        Until then they are in no entry; after a restart the jump in the ids is found again.
        """
        if self.hole() == hole:
            self.minutes.doubt(open_entry(hole, detected_at_ms, evidence))
            self._go_on_behind(hole, now_s)

    def _go_on_behind(self, hole: Hole, now_s: float) -> None:
        self.next_id = hole.last + 1
        self._drain(now_s)

    def give_up(self) -> None:
        """Nothing more is to come: make the room free, and say what is not proven."""
        self.minutes.give_up()
        self._room.holes.discard(self.symbol)
        for trade_id in list(self._held):
            self._let_go(trade_id)

    def take_runs(self) -> list[Run]:
        """Trades in sequence since the last call."""
        taken, self._ready = self._ready, []
        return taken

    def take_marks(self, *, producers_ms: int = 0) -> list[ProvenMark]:
        """Marks proven since the last call; they belong into one transaction with the trades before them."""
        return self.minutes.take_marks(producers_ms=producers_ms)

    def take_gaps(self, *, detected_at_ms: int) -> list[Gap]:
        """Segment breaks, ids proven absent and halted minutes since the last call."""
        taken, self._gaps = self._gaps, []
        findings = self.minutes.take_findings()
        return taken + [
            gap if gap.detected_at else msgspec.structs.replace(gap, detected_at=detected_at_ms) for gap in findings
        ]

    def _emit(self, arrival: Arrival) -> None:
        run = self._ready[-1] if self._ready else None
        came = (arrival.source, arrival.ingested_at_us, arrival.trade_id)
        if run is not None and (run.source, run.ingested_at_us, run.ids.stop) == came:
            run.data.append(arrival.data)
        else:
            self._ready.append(Run(arrival.trade_id, [arrival.data], arrival.source, arrival.ingested_at_us))
        self.minutes.add(arrival)
        self.newest_ms = arrival.traded_at_ms
        self.next_id = arrival.trade_id + 1

    def _hold(self, arrival: Arrival, now_s: float) -> None:
        """Past the bound the highest ids go: they are the last to be needed, and REST has them."""
        trade_id = arrival.trade_id
        if trade_id in self._held:
            self.duplicates += 1
            return
        while self._room.used_bytes + arrival.held_bytes > self._room.limit_bytes:
            if not self._held or trade_id > self._highest_held:
                return
            self._let_go(self._highest_held)
            self._highest_held = max(self._held, default=-1)
        self._held[trade_id] = (arrival, now_s)
        self._highest_held = max(self._highest_held, trade_id)
        self._room.used_bytes += arrival.held_bytes

    def _let_go(self, trade_id: int) -> Arrival:
        arrival, _ = self._held.pop(trade_id)
        self._room.used_bytes -= arrival.held_bytes
        return arrival

    def _begin(self, now_s: float) -> None:
        """`next_id` was set anew: what is held below it is of no use."""
        first = self.next_id or 0
        for trade_id in [held for held in self._held if held < first]:
            self._let_go(trade_id)
        self._drain(now_s)

    def _drain(self, now_s: float) -> None:
        while self.next_id is not None and self.next_id in self._held:
            self._emit(self._let_go(self.next_id))
        self._note_hole(now_s)

    def _note_hole(self, now_s: float) -> None:
        """A hole is as old as our knowledge of it; one that moved on is a new one."""
        if self.next_id is None or self._newest_known < self.next_id:
            self._hole_at_s = None
            self._room.holes.discard(self.symbol)
        elif self._hole_at_s is None or self._hole_first != self.next_id:
            self._hole_at_s, self._hole_first = now_s, self.next_id
            self._room.holes.add(self.symbol)
        self._find_swift()
