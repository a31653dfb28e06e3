"""The symbols of one connector: frames in, records for the bus out. Pure: no I/O, the clock is an argument."""

from collections.abc import Iterable
from typing import Final

from wickstream.binance.frames import open_envelope, parse_ticker, parse_trade
from wickstream.binance.streams import SHUTDOWN_STREAM
from wickstream.bus import topics
from wickstream.bus.codec import SCHEMA_VERSION, encode
from wickstream.bus.producer import Record
from wickstream.errors import MalformedFrame
from wickstream.events import Source, SymbolEvent
from wickstream.exchange.clock import ExchangeClock
from wickstream.exchange.sequencer import Arrival, HoldingRoom, Sequencer
from wickstream.metrics import DEAD_LETTERS, GAP_IDS, HELD_TRADES, MARKS_PUBLISHED

HELD_LIMIT_BYTES = 64 * 1024 * 1024
LETTER_LIMIT_BYTES = 900_000  # what one record of Kafka takes, with room to spare


class Shard:
    """Sequencers by symbol, and what is ready to be published.

    `take_records` gives trades, marks and gaps that belong into one transaction, trades in order of their ids.
    """

    def __init__(self, symbols: Iterable[str], clock: ExchangeClock, *, instance: str) -> None:
        room = HoldingRoom(HELD_LIMIT_BYTES)
        self.sequencers: Final = {symbol: Sequencer(symbol, room) for symbol in symbols}
        self.clock = clock
        self.is_clock_suspect = False  # a trade's time did not fit: ask the exchange for its time
        self.is_shutting_down = False  # the exchange said so: connect anew
        self.newest_trade_ms = 0
        self.frames_taken = 0  # since the last `take_records`
        self._ready: list[Record] = []
        self._letters: list[Record] = []
        self._instance: Final = ("instance", instance.encode())
        self._own_headers: Final = (("schema_version", SCHEMA_VERSION.encode()), self._instance)

    def announce(self, event: SymbolEvent) -> None:
        """Publish a symbol event in the next transaction."""
        self._ready.append(Record(topics.SYMBOL_EVENTS, event.symbol, encode(event), self._own_headers))

    def on_frame(self, frame: bytes, *, received_us: int, now_s: float) -> None:
        """Take one frame off a socket; what is malformed goes to `dead_letters`, the rest flows."""
        self.frames_taken += 1
        try:
            envelope = open_envelope(frame)
            stream = envelope.stream
            if stream is None:  # answers to our own messages are the feed's
                self._set_aside(frame, "malformed", "no stream is named")
            elif stream.endswith("@trade"):
                self._on_trade(bytes(envelope.data), received_us, now_s)
            elif stream.endswith("@ticker"):
                self._on_ticker(bytes(envelope.data), received_us, now_s)
            elif stream == SHUTDOWN_STREAM:
                self.is_shutting_down = True
        except MalformedFrame as exc:
            self._set_aside(frame, "malformed", str(exc))

    def _on_trade(self, data: bytes, received_us: int, now_s: float) -> None:
        trade = parse_trade(data)
        sequencer = self.sequencers.get(trade.symbol)
        if sequencer is None:
            self._set_aside(data, "unknown_symbol", trade.symbol)
        elif self.clock.is_sane(trade.traded_at_ms, now_s=now_s):
            self.clock.correct(trade.traded_at_ms, now_s=now_s)
            sequencer.accept(Arrival(trade, data, Source.WS, received_us), now_s=now_s)
        else:  # its id is a hole now; REST has the last word on its time
            self._set_aside_for_time(data, trade.traded_at_ms, now_s)
            sequencer.knows_of(trade.trade_id, now_s=now_s)

    def _on_ticker(self, data: bytes, received_us: int, now_s: float) -> None:
        ticker = parse_ticker(data)
        sequencer = self.sequencers.get(ticker.symbol)
        if sequencer is None:
            self._set_aside(data, "unknown_symbol", ticker.symbol)
            return
        if not self.clock.is_sane(ticker.closed_at_ms, now_s=now_s):  # it would prove minutes yet to come
            self._set_aside_for_time(data, ticker.closed_at_ms, now_s)
            return
        self.clock.correct(ticker.event_at_ms, now_s=now_s)
        sequencer.on_ticker(ticker, now_s=now_s)
        headers = (("ingested_at", str(received_us).encode()), self._instance)
        self._ready.append(Record(topics.RAW_TICKERS, ticker.symbol, data, headers))

    def _set_aside_for_time(self, data: bytes, stamp_ms: int, now_s: float) -> None:
        self.is_clock_suspect = True
        self._set_aside(data, "time", f"stamped {stamp_ms}, now {self.clock.now_ms(now_s=now_s)}")

    def _set_aside(self, message: bytes, reason: str, detail: str) -> None:
        DEAD_LETTERS.labels(reason).inc()
        headers = (("reason", f"{reason}: {detail[:200]}".encode()), ("topic", b"feed"))
        self._letters.append(Record(topics.DEAD_LETTERS, "", message[:LETTER_LIMIT_BYTES], headers))

    def take_records(self, *, now_s: float) -> list[Record]:
        """Everything for the next transaction."""
        self.frames_taken = 0
        records, self._ready = self._ready, []
        letters, self._letters = self._letters, []
        detected_at_ms = self.clock.now_ms(now_s=now_s)
        for sequencer in self.sequencers.values():
            for arrival in sequencer.take_arrivals():
                self.newest_trade_ms = max(self.newest_trade_ms, arrival.trade.traded_at_ms)
                records.append(_trade_record(arrival))
            records.extend(self._own_records(sequencer, detected_at_ms))
        HELD_TRADES.set(sum(sequencer.held for sequencer in self.sequencers.values()))
        return records + letters

    def _own_records(self, sequencer: Sequencer, detected_at_ms: int) -> list[Record]:
        records = []
        for proven in sequencer.take_marks():
            MARKS_PUBLISHED.labels("corrected" if proven.corrected else "first").inc()
            records.append(Record(topics.MINUTE_MARKS, sequencer.symbol, encode(proven.mark), self._own_headers))
        for gap in sequencer.take_gaps(detected_at_ms=detected_at_ms):
            size = 0 if gap.first_trade_id is None else (gap.last_trade_id or 0) - gap.first_trade_id + 1
            GAP_IDS.labels(gap.status).inc(size)
            records.append(Record(topics.FEED_GAPS, sequencer.symbol, encode(gap), self._own_headers))
        return records


def _trade_record(arrival: Arrival) -> Record:
    headers = (("ingested_at", str(arrival.ingested_at_us).encode()), ("source", arrival.source.encode()))
    return Record(topics.RAW_TRADES, arrival.trade.symbol, arrival.data, headers)
