"""What becomes of a hole's ids, in steps that can each be applied alone. Pure."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from wickstream.candle import Candle
from wickstream.events import MINUTE_MS, Gap, GapStatus
from wickstream.exchange.recovery.mending import Span, TradedMinute, agrees, clipped, flat, missing
from wickstream.exchange.sequencing.arrival import Arrival

STEP_TRADES = 10_000
STEP_MINUTES = 1_000


class Step(msgspec.Struct, frozen=True):
    """Whole minutes of an entry; each step may be applied alone, and more than once.

    Attributes:
        trades: of the entry's ids, ascending.
        pieces: entries that together cover the ids of this step, ascending, and halted minutes.
        candles: closed, of revision 0, each equal to the exchange's kline; also of the minutes at both edges.
        rest: what of the entry is still to do.
    """

    trades: tuple[Arrival, ...]
    pieces: tuple[Gap, ...]
    candles: tuple[Candle, ...]
    rest: Gap | None


@dataclass(frozen=True)
class Means:
    """How trades were fetched: the ledger's word for it, the question asked, and what ids filled that way become."""

    filled_by: str
    question: str
    status: GapStatus = GapStatus.REPAIRED


@dataclass
class _Piece:
    span: Span
    status: GapStatus
    evidence: str
    minutes: int = 1


class Draft:
    """Collects what is found of a part of an entry, in the order of ids, until it is a step's worth."""

    def __init__(
        self, part: Gap, means: Means, *, absent: Collection[Span] = (), minutes_done: set[int] | None = None
    ) -> None:
        """`absent`: ids that pages asked twice, late enough, did not hold; may still grow.

        `minutes_done`: open times of minutes whose candle was given; is added to.
        """
        self._part = part
        self._ids = ids_of_entry(part)
        self._means = means
        self._absent = absent
        self._minutes_done = set() if minutes_done is None else minutes_done
        self._next_id = self._ids.first
        self._previous: tuple[TradedMinute, bool] | None = None
        self._clear()

    def _clear(self) -> None:
        self._trades: list[Arrival] = []
        self._pieces: list[_Piece] = []
        self._halts: list[Gap] = []
        self._candles: list[Candle] = []

    @property
    def is_full(self) -> bool:
        """Enough for a step."""
        return len(self._trades) >= STEP_TRADES or len(self._candles) >= STEP_MINUTES

    @property
    def is_empty(self) -> bool:
        """Nothing was found since the last step."""
        return not (self._pieces or self._candles or self._halts)

    def first_unsettled(self, minute: TradedMinute) -> int:
        """Open time of the first minute whose kline is needed to settle this one."""
        return minute.open_time if self._previous is None else self._previous[0].open_time + MINUTE_MS

    def settle(self, minute: TradedMinute, klines: Mapping[int, Candle], *, newest_kline: int) -> bool:
        """Take a minute in, the next one after the last; tell whether it is the exchange's own.

        `klines`: closed ones from `first_unsettled` on; `newest_kline`: open time of the newest the exchange has.
        """
        is_ours = agrees(minute.candle, klines.get(minute.open_time))
        nothing_hidden = self._between(minute, klines, newest_kline)
        if is_ours and minute.candle:
            self._give(minute.candle)
        within = Span(self._next_id, min(self._ids.last, minute.ids.last))
        if within.first <= within.last:
            self._next_id = within.last + 1
            if is_ours:
                self._account_for(minute, within, nothing_hidden=nothing_hidden)
            else:
                why = self._difference(minute, klines.get(minute.open_time))
                self._add(_Piece(within, self._part.status, why))
        self._previous = (minute, is_ours)
        return is_ours

    def _account_for(self, minute: TradedMinute, within: Span, *, nothing_hidden: bool) -> None:
        for piece in self._judged(minute, within, nothing_hidden=nothing_hidden):
            self._add(piece)
        self._trades += [a for a in minute.arrivals if within.first <= a.trade_id <= within.last]

    def step(self) -> Step:
        """What was found since the last one."""
        pieces = (*(self._entry(piece) for piece in self._pieces), *self._halts)
        rest = part_of(self._part, Span(self._next_id, self._ids.last)) if self._next_id <= self._ids.last else None
        step = Step(tuple(self._trades), pieces, tuple(self._candles), rest)
        self._clear()
        return step

    def _give(self, candle: Candle) -> None:
        if candle.open_time not in self._minutes_done:
            self._minutes_done.add(candle.open_time)
            self._candles.append(candle)

    def _between(self, minute: TradedMinute, klines: Mapping[int, Candle], newest_kline: int) -> bool:
        """Candles of quiet minutes since the last traded one; tell whether no trade can hide there, nor in that."""
        if self._previous is None:
            return False
        return self._quiet(self._previous, minute.open_time, klines, newest_kline)

    def _quiet(
        self, previous: tuple[TradedMinute, bool], until: int, klines: Mapping[int, Candle], newest_kline: int
    ) -> bool:
        before, is_whole = previous
        nothing_hidden = is_whole
        for open_time in range(before.open_time + MINUTE_MS, until, MINUTE_MS):
            kline = klines.get(open_time)
            if kline is None and open_time < newest_kline:
                self._halts.append(self._halt(open_time))
            elif kline is None or kline.trade_count:
                nothing_hidden = False
            elif is_whole:  # else its last id may be another
                self._give(flat(kline, before.ids.last))
        return nothing_hidden

    @property
    def ends_in_silence(self) -> bool:
        """Whether all of the part was looked at, and no trade behind it is known."""
        return self._previous is not None and self._previous[0].ids.last <= self._ids.last < self._next_id

    def take_back(self, klines: Mapping[int, Candle], *, is_cut_off: bool) -> None:
        """The minute behind the part needs its candle too: until it has it, the end of the part stays.

        `is_cut_off`: the exchange did not answer any more.
        """
        if self._previous is None:
            return
        minute, is_ours = self._previous
        if not is_ours and minute.ids.first > self._ids.last:
            self._reopen(self._difference(minute, klines.get(minute.open_time)))
        elif is_cut_off and minute.ids.last <= self._ids.last:
            self._reopen("the minute behind its last id was not looked at")

    def _reopen(self, evidence: str) -> None:
        if self._pieces:
            self._pieces[-1].status, self._pieces[-1].evidence = self._part.status, evidence

    def quiet_from(self) -> int:
        """Open time of the first minute behind the last one that was settled."""
        return self._previous[0].open_time + MINUTE_MS if self._previous is not None else 0

    def settle_quiet(self, until: int, klines: Mapping[int, Candle], *, newest_kline: int) -> None:
        """Nothing was traded since: the minutes up to that one (open time, inclusive) are flat, or halts."""
        if self._previous is None:
            return
        self._quiet(self._previous, until + MINUTE_MS, klines, newest_kline)
        if until not in klines and until >= newest_kline:  # a later kline will tell a halt
            self._reopen(f"the exchange has no kline of {_clock(until)} yet, nor a later one")

    def _judged(self, minute: TradedMinute, within: Span, *, nothing_hidden: bool) -> Iterator[_Piece]:
        spans = [(span, self._means.status) for span in clipped(minute.present, within)]
        for span in missing(minute.present, within):
            is_provable = nothing_hidden or span.first > minute.ids.first
            is_absent = is_provable and span in self._absent
            spans.append((span, GapStatus.ABSENT if is_absent else self._part.status))
        for span, status in sorted(spans):
            yield _Piece(span, status, self._evidence(status, minute))

    def _add(self, piece: _Piece) -> None:
        last = self._pieces[-1] if self._pieces else None
        if last and last.status is piece.status is not GapStatus.ABSENT:
            last.span = Span(last.span.first, piece.span.last)
            last.minutes += piece.minutes
        else:
            self._pieces.append(piece)

    def _entry(self, piece: _Piece) -> Gap:
        more = f" ({piece.minutes} minutes)" if piece.minutes > 1 else ""
        filled_by = {self._part.status: self._part.filled_by, self._means.status: self._means.filled_by}
        return msgspec.structs.replace(
            part_of(self._part, piece.span),
            status=piece.status,
            filled_by=filled_by.get(piece.status),
            evidence=f"{piece.evidence}{more}",
        )

    def _halt(self, open_time: int) -> Gap:
        return Gap(
            symbol=self._part.symbol,
            first_trade_id=None,
            last_trade_id=None,
            open_time=open_time,
            detected_at=self._part.detected_at,
            status=GapStatus.HALTED,
            evidence="the exchange has a later kline and none for this minute",
        )

    def _difference(self, minute: TradedMinute, kline: Candle | None) -> str:
        found = f"{self._means.question} has {minute.trade_count} trades of {_clock(minute.open_time)}"
        if kline is None:
            return f"{found}, and there is no closed kline to compare with"
        if kline.trade_count == minute.trade_count:
            return f"{found}, as many as its kline, but other figures"
        return f"{found}, its kline has {kline.trade_count}"

    def _evidence(self, status: GapStatus, minute: TradedMinute) -> str:
        kline = f"kline of {_clock(minute.open_time)} has just the {minute.trade_count} trades found"
        if status is GapStatus.ABSENT:
            return f"not in {self._means.question}, asked twice, 8 s and more after a higher id was known; {kline}"
        if status is self._means.status:
            return f"{self._means.question}; {kline}"
        return f"not in {self._means.question}; {kline}"


def ids_of_entry(entry: Gap) -> Span:
    """The ids an entry is about; a halt is about none and must not be asked."""
    if entry.first_trade_id is None or entry.last_trade_id is None:
        raise ValueError(f"an entry without ids: {entry}")
    return Span(entry.first_trade_id, entry.last_trade_id)


def part_of(entry: Gap, span: Span) -> Gap:
    """The same, of these ids only."""
    return msgspec.structs.replace(entry, first_trade_id=span.first, last_trade_id=span.last)


def _clock(time_ms: int) -> str:
    return f"{datetime.fromtimestamp(time_ms / 1_000, UTC):%Y-%m-%d %H:%M}"
