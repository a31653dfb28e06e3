"""One symbol's minutes: counted by trade time, closed by proof. Pure; rules 4 and 5 of docs/design.md."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from wickstream.events import MINUTE_MS, Mark, Trade

# How long after a minute's end a ticker must have been computed to prove that minute. An assumption: nothing
# documents how late the exchange's statistics learn of a trade; lags up to 2 s were survived in simulation.
TICKER_GRACE_MS = 2_500
# A first trade proves the minute after its own only if it lies this far before it.
START_MARGIN_MS = 500
KEPT_MARKS = 4  # how far back a trade that turns up late can still correct a mark


@dataclass
class _Minute:
    """The running minute, as counted so far."""

    open_time: int
    proven: bool  # we hold every trade from its first on
    first: int = 0
    last: int = 0
    count: int = 0
    id_sum: int = 0


@dataclass
class _Pending:
    """A mark on its way out; marks leave in the order of their minutes."""

    mark: Mark
    undecided: bool  # quiet, and nobody has said yet that the symbol was trading
    corrected: bool = False


@dataclass(frozen=True)
class ProvenMark:
    """A mark to publish."""

    mark: Mark
    corrected: bool  # the minute had been marked with fewer trades: should not happen


class MinuteBook:
    """Counts trades that arrive in sequence, and says which minutes are complete.

    `add` must see every trade in the order of its id; after a lost range, `start_over` comes first.
    """

    def __init__(self, symbol: str) -> None:
        self._symbol = symbol
        self._running: _Minute | None = None
        self._started_at_ms = 0  # trade time of the first trade since the start or the last break
        self._price = Decimal(0)
        self._pending: deque[_Pending] = deque()
        self._marked: dict[int, Mark] = {}
        self._trading: deque[int] = deque(maxlen=10)  # minutes inside which a status poll said TRADING
        self._proven: list[ProvenMark] = []
        self._halted: list[int] = []

    def resume(self, mark: Mark) -> None:
        """Go on after the minute of `mark`; the trades since are to be added next."""
        self._running = _Minute(mark.open_time + MINUTE_MS, proven=True)
        self._marked[mark.open_time] = mark
        self._price = mark.close

    def start_over(self) -> None:
        """Ids were lost: the minutes around them cannot be proven."""
        self._running = None

    def add(self, trade: Trade) -> None:
        """Count one trade; a trade past the running minute proves it."""
        if not trade.counts:
            return
        open_time = trade.traded_at_ms // MINUTE_MS * MINUTE_MS
        if self._running is None:
            self._running = _Minute(open_time, proven=False)
            self._started_at_ms = trade.traded_at_ms
        if open_time > self._running.open_time:
            self._close_until(open_time, next_trade_id=trade.trade_id)
        if open_time < self._running.open_time:
            self._correct(trade, open_time)
        else:
            self._count(self._running, trade)
        self._price = trade.price  # of the largest id, whichever minute it lies in

    def _count(self, minute: _Minute, trade: Trade) -> None:
        if not minute.count:
            minute.first = trade.trade_id
        minute.last = trade.trade_id
        minute.count += 1
        minute.id_sum += trade.trade_id

    def prove_by_ticker(self, closed_at_ms: int, *, next_trade_id: int) -> None:
        """A ticker as of `closed_at_ms` knows no id we lack: minutes that ended long enough before are complete."""
        if self._running is not None:
            self._close_until(closed_at_ms - TICKER_GRACE_MS, next_trade_id=next_trade_id)

    def _close_until(self, time_ms: int, *, next_trade_id: int) -> None:
        while self._running is not None and self._running.open_time + MINUTE_MS <= time_ms:
            minute = self._running
            if minute.proven:
                self._mark(minute, next_trade_id)
            following = minute.open_time + MINUTE_MS
            proven = minute.proven or following - self._started_at_ms >= START_MARGIN_MS
            self._running = _Minute(following, proven=proven)
        self._release()

    def _mark(self, minute: _Minute, next_trade_id: int) -> None:
        mark = Mark(
            symbol=self._symbol,
            open_time=minute.open_time,
            first_trade_id=minute.first if minute.count else next_trade_id,
            last_trade_id=minute.last if minute.count else next_trade_id - 1,
            trade_count=minute.count,
            id_sum=minute.id_sum,
            close=self._price,
            next_trade_id=next_trade_id,
        )
        undecided = not minute.count and minute.open_time not in self._trading
        self._pending.append(_Pending(mark, undecided))
        self._remember(mark)

    def _remember(self, mark: Mark) -> None:
        self._marked[mark.open_time] = mark
        while len(self._marked) > KEPT_MARKS:
            del self._marked[min(self._marked)]

    def _correct(self, trade: Trade, open_time: int) -> None:
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
            close=trade.price,
        )
        self._remember(corrected)
        for waiting in self._pending:
            if waiting.mark.open_time == open_time:
                waiting.mark, waiting.undecided = corrected, False
                break
        else:
            self._pending.append(_Pending(corrected, undecided=False, corrected=True))
        self._release()

    def trading_at(self, time_ms: int) -> None:
        """A status poll answered at `time_ms` (exchange clock) said TRADING."""
        self._trading.append(time_ms // MINUTE_MS * MINUTE_MS)

    def undecided_since(self) -> int | None:
        """The oldest quiet minute that needs the exchange's kline to be told from a halt."""
        return next((waiting.mark.open_time for waiting in self._pending if waiting.undecided), None)

    def decide(self, klines: Mapping[int, int]) -> None:
        """`klines`: trade counts by minute, as the exchange has them, without holes up to the newest."""
        newest = max(klines, default=-1)
        kept: deque[_Pending] = deque()
        for waiting in self._pending:
            minute = waiting.mark.open_time
            if not waiting.undecided or minute > newest:
                kept.append(waiting)
            elif klines.get(minute) == 0:
                waiting.undecided = False
                kept.append(waiting)
            elif minute not in klines:
                self._halted.append(minute)
            # else: the exchange counts trades where we hold none; left unproven, for the ledger to find
        self._pending = kept
        self._release()

    def _release(self) -> None:
        while self._pending and not self._pending[0].undecided:
            first = self._pending.popleft()
            self._proven.append(ProvenMark(first.mark, first.corrected))

    def take_marks(self) -> list[ProvenMark]:
        """Marks proven since the last call, in order of their minutes."""
        taken, self._proven = self._proven, []
        return taken

    def take_halts(self) -> list[int]:
        """Open times (ms) of minutes found to be halted since the last call."""
        taken, self._halted = self._halted, []
        return taken
