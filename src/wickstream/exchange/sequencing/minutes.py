"""One symbol's minutes: counted by trade time, closed by proof. Pure; rules 4 and 5 of docs/design.md."""

from collections import deque
from collections.abc import Mapping
from decimal import Decimal

import msgspec

from wickstream.events import MINUTE_MS, Gap, Mark
from wickstream.exchange.sequencing.arrival import Arrival
from wickstream.exchange.sequencing.doubts import Doubt, hide_price
from wickstream.exchange.sequencing.id_hash import hash_of_run
from wickstream.exchange.sequencing.marks import Minute, Pending, ProvenMark, halt_of, looked_at_after

# How long after a minute's end a ticker must have been computed to prove that minute. An assumption: nothing
# documents how late the exchange's statistics learn of a trade; lags up to 2 s were survived in simulation.
TICKER_GRACE_MS = 2_500
# A first trade proves the minute after its own only if it lies this far before it.
START_MARGIN_MS = 500
KEPT_MARKS = 4  # how far back a trade that turns up late can still correct a mark
LONGEST_SILENCE_MS = 3 * 86_400_000  # minutes of a longer one are not gone through one by one: left unproven


class MinuteBook:
    """Counts trades that arrive in sequence, and says which minutes are complete.

    `add` must see every trade in the order of its id; after a lost range, `start_over` comes first.
    """

    def __init__(self, symbol: str) -> None:
        self._symbol = symbol
        self._running: Minute | None = None
        self._started_at_ms = 0  # no trade that is lost or unknown is of a later time
        self._margin_ms = START_MARGIN_MS
        self.begins_whole = False  # no trade can lie before the first one to come
        self.nothing_since_ms: int | None = None  # the first trade to come is the first since then
        self._price = ""  # of the last trade; empty: not known
        self._doubted: list[Doubt] = []  # those that reach on
        self._pending: deque[Pending] = deque()
        self._marked: dict[int, Mark] = {}
        self._trading: deque[int] = deque(maxlen=10)  # minutes inside which a status poll said TRADING
        self._since_ms: dict[int, int] = {}  # of the marks in `_marked`
        self._proven: list[Pending] = []
        self._findings: list[Gap] = []

    def resume(self, mark: Mark, *, since_ms: int = 0) -> None:
        """Go on after the minute of `mark`; the trades since are to be added next. `since_ms`: as of ProvenMark."""
        self._since_ms[mark.open_time] = since_ms
        self._running = self._minute(mark.open_time + MINUTE_MS, proven=True)
        self._marked[mark.open_time] = mark
        self._price = format(mark.close, "f")

    def begin_after(self, time_ms: int) -> None:
        """All that is not known here is older, and so may be what comes first; the next minute is provable."""
        self._running = self._minute(time_ms // MINUTE_MS * MINUTE_MS, proven=False)
        self._started_at_ms, self.nothing_since_ms = time_ms - self._margin_ms, None  # a clock needs no margin

    def start_over(self) -> None:
        """Ids were lost: the minutes around them cannot be proven."""
        if self._running is not None:
            self._lose(self._running.doubts)
        self._running, self.begins_whole, self.nothing_since_ms = None, False, None
        self._price = ""  # the last trade may be among them
        self._margin_ms = 0  # whichever minute the lost ids are of, repair looks at it
        self._doubted.clear()

    def give_up(self) -> None:
        """Nothing more will be learnt: what is not proven by now stays so."""
        self.start_over()
        for waiting in self._pending:
            self._lose(waiting.doubts)
        self._pending.clear()

    def _lose(self, doubts: list[Doubt]) -> None:
        """A minute cannot be proven, and with it none of the ids that may be of it: they are simply missing."""
        self._findings += [doubt.gap for doubt in doubts if not doubt.is_lost]
        for doubt in doubts:
            doubt.is_lost = True

    def _minute(self, open_time: int, *, proven: bool) -> Minute:
        for doubt in self._doubted:
            doubt.undecided.add(open_time)
        return Minute(open_time, open_time + MINUTE_MS, proven, list(self._doubted))

    def add(self, trade: Arrival) -> None:
        """Count one trade; a trade past the running minute proves it."""
        if not trade.counts:
            return
        running, time_ms = self._running, trade.traded_at_ms
        if running is None or not running.open_time <= time_ms < running.end:
            running = self._turn_to(time_ms, trade)
        if running is not None:
            if trade.trade_id != running.last + 1 or not running.count:
                running.begin_run(trade.trade_id)
            running.last = trade.trade_id
            running.count += 1
            running.id_sum += trade.trade_id
        self._price = trade.price  # of the largest id, whichever minute it lies in
        if self._doubted:
            for doubt in self._doubted:
                doubt.reaches_on = False
            self._doubted.clear()

    def add_run(self, first_id: int, count: int, price: str) -> None:
        """Count consecutive trades that all lie in the running minute; `price` is that of the last."""
        minute = self._running
        if minute is None:
            raise ValueError("no minute is running")
        last_id = first_id + count - 1
        if first_id != minute.last + 1 or not minute.count:
            minute.begin_run(first_id)
        minute.last = last_id
        minute.count += count
        minute.id_sum += (first_id + last_id) * count // 2
        self._price = price

    @property
    def window_ms(self) -> tuple[int, int]:
        """The running minute, its end exclusive; empty where each trade has to be looked at."""
        running = self._running
        return (0, 0) if running is None or self._doubted else (running.open_time, running.end)

    def restarts_after(self) -> int | None:
        """The time after which a restart that knows only the next id has to look; None: it would lose proofs."""
        if self._running is None:
            return None if self._pending else self.nothing_since_ms
        return looked_at_after(self._running, self._pending)

    def running_since(self) -> int | None:
        """Open time of the minute that is being counted."""
        return self._running.open_time if self._running is not None else None

    def _turn_to(self, time_ms: int, trade: Arrival) -> Minute | None:
        """The minute of a trade that is not of the running one; None: it is past, and was corrected if need be."""
        if self._running is not None and self._is_first_of_all(self._running, time_ms):
            self._lose(self._running.doubts)
            self._running = None
        if self._running is None or time_ms - self._running.open_time > LONGEST_SILENCE_MS:
            open_time = time_ms // MINUTE_MS * MINUTE_MS
            is_first_since = self.nothing_since_ms is not None and self.nothing_since_ms < open_time
            self._running = self._minute(open_time, proven=self.begins_whole or is_first_since)
            self._started_at_ms, self.begins_whole, self.nothing_since_ms = time_ms, False, None
        elif time_ms < self._running.open_time:
            self._correct(trade, time_ms // MINUTE_MS * MINUTE_MS)
            return None
        else:
            self._close_until(time_ms, next_trade_id=trade.trade_id)
        return self._running

    def _is_first_of_all(self, running: Minute, time_ms: int) -> bool:
        """Whether we began by the clock, and later than this trade, which is the first that came."""
        newest_marked = max(self._marked, default=-1)
        return not (running.proven or running.count) and newest_marked + MINUTE_MS <= time_ms < running.open_time

    def doubt(self, gap: Gap) -> None:
        """Ids that the exchange seems not to have: the minutes they may be of need its count to be proven."""
        if self._running is None:
            self.begins_whole = False
            self._findings.append(gap)  # unproven whatever comes
            return
        self._doubted.append(Doubt(gap, {self._running.open_time}))
        self._running.doubts.append(self._doubted[-1])

    def prove_by_ticker(self, closed_at_ms: int, *, next_trade_id: int, is_level: bool) -> None:
        """A ticker as of `closed_at_ms` knows no id we lack: minutes that ended long enough before are complete.

        `is_level`: it knows all ids before the next one; else it does not say by when those were traded.
        """
        if self._running is None:  # ids were lost: from the next minute on all that is traded is still to come
            known = [at for at in (self.nothing_since_ms, closed_at_ms if is_level else None) if at is not None]
            if known:
                self.begin_after(min(known))
        self._close_until(closed_at_ms - TICKER_GRACE_MS, next_trade_id=next_trade_id)

    def _close_until(self, time_ms: int, *, next_trade_id: int) -> None:
        while self._running is not None and self._running.end <= time_ms:
            minute = self._running
            if minute.proven:
                self._mark(minute, next_trade_id)
            else:
                self._lose(minute.doubts)
            proven = minute.proven or minute.end - self._started_at_ms >= self._margin_ms
            self._running = self._minute(minute.end, proven=proven)
        self._release()

    def _mark(self, minute: Minute, next_trade_id: int) -> None:
        mark = Mark(
            symbol=self._symbol,
            open_time=minute.open_time,
            first_trade_id=minute.first if minute.count else next_trade_id,
            last_trade_id=minute.last if minute.count else next_trade_id - 1,
            trade_count=minute.count,
            id_sum=minute.id_sum,
            id_hash=minute.id_hash,
            close=Decimal(self._price or 0),
            next_trade_id=next_trade_id,
        )
        lacks_price = not minute.count and not self._price
        is_quiet = not minute.count and minute.open_time not in self._trading
        undecided = is_quiet or lacks_price or bool(minute.doubts)
        self._pending.append(Pending(mark, undecided, minute.doubts, lacks_price=lacks_price))
        self._remember(mark)

    def _remember(self, mark: Mark) -> None:
        self._marked[mark.open_time] = mark
        while len(self._marked) > KEPT_MARKS:
            self._since_ms.pop(min(self._marked), None)
            del self._marked[min(self._marked)]

    def _correct(self, trade: Arrival, open_time: int) -> None:
        """A trade in sequence whose time lies in a marked minute: the mark goes out again with the larger count."""
        mark = self._marked.get(open_time)
        if mark is None or trade.trade_id <= mark.last_trade_id:
            return  # never proven, or counted before a restart
        corrected = msgspec.structs.replace(
            mark,  # where a restart goes on stays: that id is past, but the ids of the next minute are not
            first_trade_id=mark.first_trade_id if mark.trade_count else trade.trade_id,
            last_trade_id=trade.trade_id,
            trade_count=mark.trade_count + 1,
            id_sum=mark.id_sum + trade.trade_id,
            id_hash=mark.id_hash ^ hash_of_run(trade.trade_id, trade.trade_id),
            close=Decimal(trade.price),
        )
        self._remember(corrected)
        for waiting in self._pending:
            if waiting.mark.open_time == open_time:
                waiting.mark, waiting.undecided = corrected, bool(waiting.doubts)
                break
        else:
            self._pending.append(Pending(corrected, undecided=False, corrected=True))
        self._release()

    def trading_at(self, time_ms: int) -> None:
        """A status poll answered at `time_ms` (exchange clock) said TRADING."""
        self._trading.append(time_ms // MINUTE_MS * MINUTE_MS)

    def undecided_since(self) -> int | None:
        """The oldest quiet minute that needs the exchange's kline to be told from a halt."""
        return next((waiting.mark.open_time for waiting in self._pending if waiting.undecided), None)

    def decide(self, klines: Mapping[int, int], closes: Mapping[int, Decimal]) -> None:
        """Trade counts by minute, as the exchange has them, without holes up to the newest; and closing prices."""
        newest = max(klines, default=-1)
        kept: deque[Pending] = deque()
        for waiting in self._pending:
            mark = waiting.mark
            if not waiting.undecided or mark.open_time > newest:
                kept.append(waiting)
            elif klines.get(mark.open_time) == mark.trade_count:
                if not mark.trade_count and (waiting.lacks_price or hide_price(waiting.doubts)):
                    waiting.mark = msgspec.structs.replace(mark, close=closes[mark.open_time])
                waiting.undecided = False
                kept.append(waiting)
                self._dispel(waiting, f"the kline of {mark.open_time} counts the {mark.trade_count} that are here")
            elif mark.open_time not in klines and not mark.trade_count and not waiting.klines_lacking:
                waiting.klines_lacking = 1  # one answer may be late
                kept.append(waiting)
            elif mark.open_time not in klines and not mark.trade_count:
                self._findings.append(halt_of(mark))
                self._dispel(waiting, f"no kline of {mark.open_time}")
            else:  # the exchange counts other trades than we hold: unproven, for the ledger to find
                self._lose(waiting.doubts)
        self._pending = kept
        self._release()

    def _dispel(self, waiting: Pending, evidence: str) -> None:
        """One minute less in which these ids could be; with the last one they are absent."""
        for doubt in waiting.doubts:
            if doubt.decide(waiting.mark.open_time):
                self._findings.append(doubt.dispelled(evidence))
            elif not doubt.is_lost:  # this minute's mark goes out: a restart from it would not find the jump again
                self._findings.append(doubt.gap)

    def _release(self) -> None:
        while self._pending and not self._pending[0].undecided:
            self._proven.append(self._pending.popleft())

    def take_marks(self, *, producers_ms: int = 0) -> list[ProvenMark]:
        """Marks proven since the last call, in order of their minutes; `producers_ms`: the clock of producers."""
        self.stamp(producers_ms)
        taken, self._proven = self._proven, []
        return [ProvenMark(proven.mark, proven.corrected, proven.since_ms or 0) for proven in taken]

    def stamp(self, producers_ms: int) -> None:
        """Trades from the `next_trade_id` of marks proven by now on are published at this time or later."""
        for waiting in (*self._proven, *self._pending):
            if waiting.since_ms is None:
                waiting.since_ms = self._since_ms.setdefault(waiting.mark.open_time, producers_ms)

    def take_findings(self) -> list[Gap]:
        """Halts, and ids proven absent or not to be proven so, since the last call; of halts `detected_at` is 0."""
        found, self._findings = self._findings, []
        return found
