"""The symbols of one connector: frames in, records for the bus out. Pure: no I/O, the clock is an argument."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from wickstream.binance.frames import (
    SwiftTrade,
    decode_spot_trades,
    open_envelope,
    parse_ticker,
    spot_trade_begins,
)
from wickstream.binance.streams import SHUTDOWN_STREAM
from wickstream.bus import topics
from wickstream.bus.codec import SCHEMA_VERSION, encode
from wickstream.bus.producer import Batch, Header, Record
from wickstream.errors import MalformedFrame
from wickstream.events import Source, SymbolEvent
from wickstream.exchange.sequencing.arrival import Arrival, Run
from wickstream.exchange.sequencing.clock import SANE_AHEAD_MS, SANE_BEHIND_MS, ExchangeClock
from wickstream.exchange.sequencing.holes import HoldingRoom, Hole
from wickstream.exchange.sequencing.sequencer import Sequencer
from wickstream.metrics import DEAD_LETTERS, GAP_IDS, MARKS_PUBLISHED

_BRACE = ord("}")
HELD_LIMIT_BYTES = 64 * 1024 * 1024
LETTER_LIMIT_BYTES = 900_000  # what one record of Kafka takes, with room to spare


class _Coming(NamedTuple):
    """When frames came."""

    at_s: float  # process clock
    epoch_us: int  # the same, since 1970
    now_s: float  # process clock


class _Lane:
    """One symbol, and what was taken of it swiftly from the present read."""

    __slots__ = ("begins", "cut", "data", "last", "sequencer")

    def __init__(self, sequencer: Sequencer, begins: bytes, data_at: int) -> None:
        self.sequencer = sequencer
        self.begins = begins
        self.cut = slice(data_at, -1)
        self.data: list[bytes] = []
        self.last: SwiftTrade | None = None


class Shard:
    """Sequencers by symbol, and what is ready to be published.

    `take_records` gives trades, marks and gaps that belong into one transaction, trades in order of their ids.
    """

    def __init__(
        self,
        symbols: Iterable[str],
        clock: ExchangeClock,
        *,
        instance: str,
        ever_followed: set[str] | None = None,
        held_limit_bytes: int = HELD_LIMIT_BYTES,
    ) -> None:
        """`ever_followed`: symbols of which frames may still come; is added to."""
        self._ever_followed: set[str] = set() if ever_followed is None else ever_followed
        self._ticker_at_s: dict[str, float] = {}
        self.sequencers: Final[dict[str, Sequencer]] = {}
        self.clock = clock
        self.is_clock_suspect = False  # a trade's time did not fit: ask the exchange for its time
        self.taken_by_source: Counter[Source] = Counter()  # trades given out by `take_records`
        self.tickers_taken = 0
        self._room = HoldingRoom(held_limit_bytes)
        self._by_symbol: dict[str, _Lane] = {}
        self._producers_ms = 0
        self._came = (-1, Source.WS)
        self._headers: list[Header] = []
        self._ready: list[Record | Batch] = []
        self._letters: list[Record] = []
        self._newest_seen_ms = 0
        self._sane_ms = (0, 0)  # exclusive
        self._instance: Final = ("instance", instance.encode())
        self._own_headers: Final = [("schema_version", SCHEMA_VERSION.encode()), self._instance]
        for symbol in symbols:
            self.add(symbol)

    def add(self, symbol: str, *, now_s: float = 0.0) -> Sequencer:
        """Follow a symbol; until its sequencer was told where to begin, it holds what comes."""
        self._ticker_at_s[symbol] = now_s
        self._ever_followed.add(symbol)
        sequencer = self.sequencers[symbol] = Sequencer(symbol, self._room)
        self._by_symbol[symbol] = _Lane(sequencer, *spot_trade_begins(f"{symbol.lower()}@trade"))
        return sequencer

    def drop(self, symbol: str, *, now_s: float) -> None:
        """Follow it no more; what is here of it is published yet, and what is missing is left to repair."""
        sequencer = self.sequencers.pop(symbol)
        self._by_symbol.pop(symbol)
        self._ticker_at_s.pop(symbol)
        now_ms = self.clock.now_ms(now_s=now_s)
        while (hole := sequencer.hole()) is not None:
            evidence = "not filled before it was dropped; left to repair"
            sequencer.give_up_hole(hole, detected_at_ms=now_ms, now_s=now_s, evidence=evidence)
        sequencer.give_up()
        self._take_from(sequencer, detected_at_ms=now_ms, into=self._ready)

    @property
    def newest_trade_ms(self) -> int:
        """Trade time of the newest trade any socket brought; 0 before the first."""
        return self._newest_seen_ms

    @property
    def holes(self) -> list[Hole]:
        """Those of all symbols."""
        found = (self.sequencers[symbol].hole() for symbol in sorted(self._room.holes))
        return [hole for hole in found if hole is not None]

    @property
    def has_holes(self) -> bool:
        """Whether any symbol has one."""
        return bool(self._room.holes)

    def announce(self, event: SymbolEvent) -> None:
        """Publish a symbol event in the next transaction."""
        self._ready.append(Record(topics.SYMBOL_EVENTS, event.key, encode(event), self._own_headers))

    def ticker_age_s(self, symbol: str, *, now_s: float) -> float:
        """Seconds since the audit channel of a symbol said something, or since we listen."""
        return now_s - self._ticker_at_s[symbol]

    def on_read(self, frames: Sequence[bytes], at_s: float, *, now_s: float, epoch_us: int = 0) -> None:
        """Take frames that came together; what is malformed goes to `dead_letters`, the rest flows.

        Args:
            frames: in the order they came.
            at_s: when they came, process clock.
            now_s: process clock.
            epoch_us: what the process clock's zero is in µs since 1970.
        """
        now_ms = self.clock.now_ms(now_s=at_s)
        self._sane_ms = (now_ms - SANE_BEHIND_MS, now_ms + SANE_AHEAD_MS)
        came = _Coming(at_s, int(at_s * 1e6) + epoch_us, now_s)
        trades = decode_spot_trades(frames)
        if trades is None:
            self._on_each(frames, came)
        else:
            self._on_spot_trades(frames, trades, came)
        self.clock.correct(self._newest_seen_ms, now_s=at_s)

    def _on_spot_trades(self, frames: Sequence[bytes], trades: Sequence[SwiftTrade], came: "_Coming") -> None:
        """What nearly all frames are; each line here is paid for 50,000 times a second."""
        lane_of = self._by_symbol.get
        begun: list[_Lane] = []
        from_ms, until_ms = self._sane_ms
        for frame, trade in zip(frames, trades, strict=True):
            lane = lane_of(trade.symbol)
            if lane is None:
                self._on_one(frame, came)
                continue
            sequencer, traded_at = lane.sequencer, trade.traded_at
            if (
                trade.trade_id == sequencer.next_id
                and sequencer.swift_from_ms <= traded_at < sequencer.swift_until_ms
                and from_ms < traded_at < until_ms
                and frame.startswith(lane.begins)
                and frame[-1] == _BRACE
            ):
                taken = lane.data
                if not taken:
                    begun.append(lane)
                taken.append(frame[lane.cut])
                lane.last = trade
                sequencer.next_id += 1
            else:
                self._settle(lane, came)
                self._on_one(frame, came)
        for lane in begun:
            self._settle(lane, came)

    def _settle(self, lane: "_Lane", came: "_Coming") -> None:
        """Hand what was taken swiftly to the sequencer, before anything else is."""
        if lane.data and lane.last is not None:
            first_id = lane.last.trade_id + 1 - len(lane.data)
            lane.sequencer.take_swiftly(Run(first_id, lane.data, Source.WS, came.epoch_us), lane.last)
            self._newest_seen_ms = max(self._newest_seen_ms, lane.last.traded_at)
            lane.data = []

    def _on_each(self, frames: Iterable[bytes], came: "_Coming") -> None:
        for frame in frames:
            self._on_one(frame, came)

    def _on_one(self, frame: bytes, came: "_Coming") -> None:
        try:
            self._on_frame(frame, came)
        except MalformedFrame as exc:
            self._set_aside(frame, "malformed", str(exc))

    def _on_frame(self, frame: bytes, came: "_Coming") -> None:
        envelope = open_envelope(frame)
        stream, data = envelope.stream, bytes(envelope.data)
        if stream is None:  # answers to our own messages are the feed's
            self._set_aside(frame, "malformed", "no stream is named")
        elif stream.endswith("@trade"):
            self._on_trade(data, came)
        elif stream.endswith("@ticker"):
            self._on_ticker(data, came)
        elif stream != SHUTDOWN_STREAM:  # that one is the sockets' affair
            self._set_aside(frame, "malformed", f"a stream nobody asked for: {stream}")

    def _on_trade(self, data: bytes, came: "_Coming") -> None:
        arrival = Arrival.read(data, Source.WS, came.epoch_us)
        sequencer = self.sequencers.get(arrival.symbol)
        if sequencer is None:
            self._set_aside_unknown(data, arrival.symbol)
        elif not self._sane_ms[0] < arrival.traded_at_ms < self._sane_ms[1]:
            self._set_aside_for_time(data, arrival.traded_at_ms, came)
            if sequencer.is_plausible(arrival.trade_id):  # its id is a hole now; REST has the last word on its time
                sequencer.knows_of(arrival.trade_id, now_s=came.now_s)
        elif sequencer.is_plausible(arrival.trade_id):
            self._newest_seen_ms = max(self._newest_seen_ms, arrival.traded_at_ms)
            sequencer.accept(arrival, now_s=came.now_s)
        else:
            self._set_aside(data, "id", f"far ahead of {sequencer.next_id}")

    def _on_ticker(self, data: bytes, came: "_Coming") -> None:
        ticker = parse_ticker(data)
        sequencer = self.sequencers.get(ticker.symbol)
        if sequencer is None:
            self._set_aside_unknown(data, ticker.symbol)
            return
        if not self.clock.is_sane(ticker.closed_at_ms, now_s=came.at_s):  # it would prove minutes yet to come
            self._set_aside_for_time(data, ticker.closed_at_ms, came)
            return
        self.clock.correct(ticker.event_at_ms, now_s=came.at_s)
        sequencer.on_ticker(ticker, now_s=came.now_s)
        self._ticker_at_s[ticker.symbol] = came.at_s
        headers = [("ingested_at", str(came.epoch_us).encode()), self._instance]
        self._ready.append(Record(topics.RAW_TICKERS, ticker.symbol, data, headers))
        self.tickers_taken += 1

    def _set_aside_unknown(self, data: bytes, symbol: str) -> None:
        if symbol not in self._ever_followed:  # of one that was, some frames were on their way
            self._set_aside(data, "unknown_symbol", symbol)

    def _set_aside_for_time(self, data: bytes, stamp_ms: int, came: "_Coming") -> None:
        self.is_clock_suspect = True
        self._set_aside(data, "time", f"stamped {stamp_ms}, now {self.clock.now_ms(now_s=came.at_s)}")

    def _set_aside(self, message: bytes, reason: str, detail: str) -> None:
        DEAD_LETTERS.labels(reason).inc()
        headers = [("reason", f"{reason}: {detail[:200]}".encode()), ("topic", b"feed")]
        self._letters.append(Record(topics.DEAD_LETTERS, "", message[:LETTER_LIMIT_BYTES], headers))

    def take_records(self, *, now_s: float, producers_ms: int = 0) -> list[Record | Batch]:
        """Everything for the next transaction; `producers_ms`: the clock that stamps records."""
        self._producers_ms = producers_ms
        records = self._ready
        self._ready = []
        letters, self._letters = self._letters, []
        detected_at_ms = self.clock.now_ms(now_s=now_s)
        for sequencer in self.sequencers.values():
            self._take_from(sequencer, detected_at_ms=detected_at_ms, into=records)
        return records + letters

    def _take_from(self, sequencer: Sequencer, *, detected_at_ms: int, into: list[Record | Batch]) -> None:
        symbol = sequencer.symbol
        for run in sequencer.take_runs():
            headers = self._headers_of(run)
            into.append(Batch(topics.RAW_TRADES, symbol, run.data, headers))
            self.taken_by_source[run.source] += len(run.data)
        for proven in sequencer.take_marks(producers_ms=self._producers_ms):
            MARKS_PUBLISHED.labels("corrected" if proven.corrected else "first").inc()
            since = ("since", str(proven.since_ms).encode())
            into.append(Record(topics.MINUTE_MARKS, symbol, encode(proven.mark), [*self._own_headers, since]))
        for gap in sequencer.take_gaps(detected_at_ms=detected_at_ms):
            GAP_IDS.labels(gap.status).inc(gap.size)
            into.append(Record(topics.FEED_GAPS, symbol, encode(gap), self._own_headers))

    def _headers_of(self, run: Run) -> list[Header]:
        """Runs that came together share theirs."""
        came = (run.ingested_at_us, run.source)
        if came != self._came:
            self._came = came
            self._headers = [("ingested_at", str(run.ingested_at_us).encode()), ("source", run.source.encode())]
        return self._headers
