"""One symbol's trades in the order of their ids, each once. Pure: the clock is an argument.

Rules 2–6 and 12 of docs/design.md: ids decide what is lost, doubled or out of order; nothing is guessed.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from wickstream.events import Gap, GapStatus, Mark, Source, Ticker, Trade
from wickstream.exchange.minutes import MinuteBook, ProvenMark

HELD_OVERHEAD_BYTES = 600  # a held trade beside its frame: record, decimals, dictionary entry


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """A trade with the bytes that go to `raw_trades`."""

    trade: Trade
    data: bytes
    source: Source
    ingested_at_us: int

    @property
    def held_bytes(self) -> int:
        """What holding it costs, about."""
        return len(self.data) + HELD_OVERHEAD_BYTES


@dataclass
class HoldingRoom:
    """How much may be held back behind holes, over all symbols."""

    limit_bytes: int
    used_bytes: int = 0


@dataclass(frozen=True)
class Hole:
    """Ids that exist and are not here: `first` to `last`, both included."""

    symbol: str
    first: int
    last: int
    known_at_s: float  # process clock
    is_between_frames: bool  # False: only the ticker knows of these ids

    @property
    def size(self) -> int:
        """How many ids are missing."""
        return self.last - self.first + 1


class Sequencer:
    """Holds back what comes too early, drops what came before, and names what is missing.

    Until `resume` or `start_at` has said where to begin, everything is held.
    """

    def __init__(self, symbol: str, room: HoldingRoom) -> None:
        self.symbol = symbol
        self.minutes = MinuteBook(symbol)
        self.next_id: int | None = None
        self.duplicates = 0
        self._room = room
        self._held: dict[int, Arrival] = {}
        self._highest_held = -1  # of those held, where any is
        self._newest_known = -1
        self._hole_at_s: float | None = None
        self._hole_first = -1
        self._ready: list[Arrival] = []
        self._gaps: list[Gap] = []

    @property
    def held(self) -> int:
        """How many trades are held back."""
        return len(self._held)

    def resume(self, mark: Mark | None, since: Iterable[Trade], *, now_s: float) -> None:
        """Start where a predecessor stopped: its newest mark, then the trades published since, oldest first.

        Those are counted again but not published again. Where they are not contiguous the minute stays unproven.
        """
        if mark is not None:
            self.minutes.resume(mark)
            self.next_id = mark.next_trade_id
        for trade in since:
            if self.next_id is not None and trade.trade_id < self.next_id:
                continue  # going back would publish again what is there
            if self.next_id is not None and trade.trade_id > self.next_id:
                self.minutes.start_over()
            self.minutes.add(trade)
            self.next_id = trade.trade_id + 1
        self._begin(now_s)

    def start_at(self, trade_id: int, *, now_s: float) -> None:
        """Cold start: nothing is known, begin with this id. Its own minute stays unproven."""
        self.next_id = trade_id
        self._begin(now_s)

    def accept(self, arrival: Arrival, *, now_s: float) -> None:
        """Take a trade from a socket or from REST, in any order, any number of times."""
        trade_id = arrival.trade.trade_id
        self._newest_known = max(self._newest_known, trade_id)
        if trade_id == self.next_id:
            self._emit(arrival)
            if self._hole_at_s is not None:  # always so where something is held
                self._drain(now_s)
        elif self.next_id is not None and trade_id < self.next_id:
            self.duplicates += 1
        else:
            self._hold(arrival)
            self._note_hole(now_s)

    def knows_of(self, trade_id: int, *, now_s: float) -> None:
        """An id exists, though its trade is not here."""
        self._newest_known = max(self._newest_known, trade_id)
        self._note_hole(now_s)

    def on_ticker(self, ticker: Ticker, *, now_s: float) -> None:
        """The audit channel: its last id reveals what the trade stream kept silent about, or proves silence."""
        self.knows_of(ticker.last_trade_id, now_s=now_s)
        # -1: no trade in its 24 hours, which does not say which one was the last
        if self.next_id is not None and 0 <= ticker.last_trade_id < self.next_id:
            self.minutes.prove_by_ticker(ticker.closed_at_ms, next_trade_id=self.next_id)

    def hole(self) -> Hole | None:
        """The ids missing right now, up to the first one held."""
        if self.next_id is None or self._hole_at_s is None:
            return None
        last = min(self._held) - 1 if self._held else self._newest_known
        return Hole(self.symbol, self.next_id, last, self._hole_at_s, is_between_frames=bool(self._held))

    def break_segment(self, *, detected_at_ms: int, now_s: float, evidence: str) -> None:
        """Give a hole up for now: an open entry for the ledger, and on with the first trade behind it."""
        hole = self.hole()
        if hole is None:
            return
        self._gaps.append(
            Gap(
                symbol=self.symbol,
                first_trade_id=hole.first,
                last_trade_id=hole.last,
                open_time=None,
                detected_at=detected_at_ms,
                status=GapStatus.OPEN,
                evidence=evidence,
            )
        )
        self.minutes.start_over()
        self.next_id = hole.last + 1
        self._drain(now_s)

    def take_arrivals(self) -> list[Arrival]:
        """Trades in sequence since the last call."""
        taken, self._ready = self._ready, []
        return taken

    def take_marks(self) -> list[ProvenMark]:
        """Marks proven since the last call; they belong into one transaction with the trades before them."""
        return self.minutes.take_marks()

    def take_gaps(self, *, detected_at_ms: int) -> list[Gap]:
        """Segment breaks and halted minutes since the last call."""
        taken, self._gaps = self._gaps, []
        return taken + [self._halt(minute, detected_at_ms) for minute in self.minutes.take_halts()]

    def _halt(self, minute: int, detected_at_ms: int) -> Gap:
        return Gap(
            symbol=self.symbol,
            first_trade_id=None,
            last_trade_id=None,
            open_time=minute,
            detected_at=detected_at_ms,
            status=GapStatus.HALTED,
            evidence="the exchange has a later kline and none for this minute",
        )

    def _emit(self, arrival: Arrival) -> None:
        self._ready.append(arrival)
        self.minutes.add(arrival.trade)
        self.next_id = arrival.trade.trade_id + 1

    def _hold(self, arrival: Arrival) -> None:
        """Past the bound the highest ids go: they are the last to be needed, and REST has them."""
        trade_id = arrival.trade.trade_id
        if trade_id in self._held:
            self.duplicates += 1
            return
        while self._room.used_bytes + arrival.held_bytes > self._room.limit_bytes:
            if not self._held or trade_id > self._highest_held:
                return
            self._let_go(self._highest_held)
            self._highest_held = max(self._held, default=-1)
        self._held[trade_id] = arrival
        self._highest_held = max(self._highest_held, trade_id)
        self._room.used_bytes += arrival.held_bytes

    def _let_go(self, trade_id: int) -> Arrival:
        arrival = self._held.pop(trade_id)
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
        elif self._hole_at_s is None or self._hole_first != self.next_id:
            self._hole_at_s, self._hole_first = now_s, self.next_id
