"""The live lane's memory: what is newest of each symbol, and what of it is not written yet. No I/O."""

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from wickstream.events import Ticker, Trade
from wickstream.store.lane.forming import Forming
from wickstream.store.lane.last_trades import KEEP, render
from wickstream.store.lane.live import Change, Clock
from wickstream.store.pace import Pace


@dataclass
class _Symbol:
    forming: Forming = field(default_factory=Forming)
    last_trades: deque[bytes] = field(default_factory=lambda: deque(maxlen=KEEP))  # rendered: a third of the memory
    new_trades: deque[bytes] = field(default_factory=lambda: deque(maxlen=KEEP))
    ticker: Ticker | None = None
    ticker_frame: bytes = b""
    ticker_is_new: bool = False

    def take(self, trade: Trade) -> bool:
        """Tell whether it is a new one."""
        is_new = self.forming.take(trade)
        if is_new:
            row = render(trade)
            self.last_trades.append(row)
            self.new_trades.append(row)
        return is_new

    def change(self, symbol: str) -> Change:
        """What is new, which from now on is not."""
        trade = self.forming.newest if self.new_trades else None
        candle = self.forming.candle() if self.new_trades else None
        ticker = self.ticker if self.ticker_is_new else None
        ended = self.forming.ended() if self.new_trades else ()
        frame = self.ticker_frame if ticker else b""
        change = Change(symbol, ticker, trade, candle, tuple(self.new_trades), ended, frame)
        self.ticker_is_new = False
        self.new_trades.clear()
        return change


class Lane:
    """Takes trades and tickers in any order and as often as they come; gives each symbol's newest at its pace."""

    def __init__(self, *, pause_s: float, process_ms: Callable[[], int]) -> None:
        self._symbols: defaultdict[str, _Symbol] = defaultdict(_Symbol)
        self._pace = Pace(pause_s)
        self._process_ms = process_ms
        self._event_at_ms = self._traded_at_ms = -1
        self._seen_at_ms = 0

    def take_trade(self, trade: Trade) -> None:
        """One trade, perhaps seen before."""
        symbol = self._symbols[trade.symbol]
        if symbol.take(trade):
            self._pace.touch(trade.symbol)
            self._hear(trade.traded_at_ms, traded_at_ms=trade.traded_at_ms)

    def take_ticker(self, ticker: Ticker, frame: bytes) -> None:
        """One ticker, perhaps an old one, and how the exchange wrote it."""
        symbol = self._symbols[ticker.symbol]
        if symbol.ticker is None or ticker.event_at_ms > symbol.ticker.event_at_ms:
            symbol.ticker, symbol.ticker_frame = ticker, frame
            symbol.ticker_is_new = True
            self._pace.touch(ticker.symbol)
            self._hear(ticker.event_at_ms)

    def _hear(self, event_at_ms: int, *, traded_at_ms: int = -1) -> None:
        self._traded_at_ms = max(self._traded_at_ms, traded_at_ms)
        if event_at_ms > self._event_at_ms:
            self._event_at_ms = event_at_ms
            self._seen_at_ms = self._process_ms()

    def due(self, now_s: float) -> list[Change]:
        """What may be written now."""
        return [self._symbols[symbol].change(symbol) for symbol in self._pace.due(now_s)]

    def forget_written(self) -> None:
        """What was written may be lost: all of it is new again, and due."""
        self._pace.reset()
        for name, symbol in self._symbols.items():
            symbol.ticker_is_new = symbol.ticker is not None
            symbol.new_trades = symbol.last_trades.copy()
            symbol.forming.forget_told()
            self._pace.touch(name)

    @property
    def clock(self) -> Clock:
        """The exchange's clock as last heard."""
        return Clock(self._event_at_ms, self._seen_at_ms, self._traded_at_ms if self._traded_at_ms >= 0 else None)
