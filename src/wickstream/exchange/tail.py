"""What a predecessor left in Kafka: the newest mark of each symbol, and the trades since. Rule 2."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from wickstream.binance.frames import parse_trade
from wickstream.bus import topics
from wickstream.bus.codec import decode
from wickstream.bus.history import History
from wickstream.events import Mark, SymbolEvent, Trade

LOOK_BACK_RECORDS = 2_000  # marks per partition at first; doubled until every symbol has one
LOOK_BACK_MS = 3 * 86_400_000  # raw trades are kept no longer, so an older mark is of no use
MARGIN_MS = 60_000  # producers' clocks may step; a record too many does no harm


@dataclass
class Tail:
    """Where one symbol stopped."""

    mark: Mark | None = None
    written_ms: int | None = None  # producers' clock, of the mark, or of the first start where there is none
    trades: list[Trade] = field(default_factory=list)  # published since, oldest first

    @property
    def is_cold(self) -> bool:
        """Nothing was ever published of this symbol, as far as Kafka remembers."""
        return self.mark is None and not self.trades


def read_tails(bootstrap_servers: str, symbols: Iterable[str]) -> dict[str, Tail]:
    """The tail of each symbol. Only after the predecessor was fenced: else what it still sends is missed.

    Raises:
        StoreBusy: If Kafka cannot be read now.
    """
    tails = {symbol: Tail() for symbol in symbols}
    with History(bootstrap_servers) as history:
        _find_starts(history, tails)
        _find_marks(history, tails)
        _find_trades(history, tails)
    return tails


def _find_starts(history: History, tails: dict[str, Tail]) -> None:
    starts = {partition: first for partition, (first, _) in history.bounds(topics.SYMBOL_EVENTS).items()}
    for message in history.read(topics.SYMBOL_EVENTS, starts):
        event = decode(message.value(), SymbolEvent)
        if event.chosen and event.symbol in tails:
            tails[event.symbol].written_ms = message.timestamp()[1]


def _find_marks(history: History, tails: dict[str, Tail]) -> None:
    started = {symbol for symbol, tail in tails.items() if tail.written_ms is not None}
    bounds = history.bounds(topics.MINUTE_MARKS)
    oldest = history.offsets_at(topics.MINUTE_MARKS, int(time.time() * 1_000) - LOOK_BACK_MS)
    look_back = LOOK_BACK_RECORDS
    while started:
        starts = {partition: max(oldest[partition], end - look_back) for partition, (_, end) in bounds.items()}
        for message in history.read(topics.MINUTE_MARKS, starts):
            _take_mark(tails, decode(message.value(), Mark), message.timestamp()[1])
        if all(tails[symbol].mark for symbol in started) or starts == oldest:
            return
        look_back *= 4


def _take_mark(tails: dict[str, Tail], mark: Mark, written_ms: int) -> None:
    tail = tails.get(mark.symbol)
    if tail is None:
        return
    known = tail.mark
    if known is None or (mark.open_time, mark.trade_count) >= (known.open_time, known.trade_count):
        tail.mark, tail.written_ms = mark, written_ms


def _find_trades(history: History, tails: dict[str, Tail]) -> None:
    """A mark travels with the trade that proves it, so what follows it was written then or later."""
    written = [tail.written_ms for tail in tails.values() if tail.written_ms is not None]
    if not written:
        return
    for message in history.read(topics.RAW_TRADES, history.offsets_at(topics.RAW_TRADES, min(written) - MARGIN_MS)):
        trade = parse_trade(message.value() or b"")
        tail = tails.get(trade.symbol)
        if tail is not None and (tail.mark is None or trade.trade_id >= tail.mark.next_trade_id):
            tail.trades.append(trade)


def has_twin(bootstrap_servers: str, *, instance: str, since_ms: int) -> bool:
    """Whether another connector has published since `since_ms` (producers' clock).

    A producer that outlived its own transaction timeout is fenced exactly as by a twin; this tells the two apart.

    Raises:
        StoreBusy: If Kafka cannot be read now.
    """
    with History(bootstrap_servers) as history:
        for message in history.read(topics.RAW_TICKERS, history.offsets_at(topics.RAW_TICKERS, since_ms)):
            if ("instance", instance.encode()) not in (message.headers() or []):
                return True
    return False
