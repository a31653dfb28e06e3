"""A thread of the driver that keeps up with `processed_aggs` and `feed_gaps` for the alert queries."""

import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

import structlog
from confluent_kafka import Message

from wickstream.bus.codec import decode
from wickstream.bus.consumer import Isolation
from wickstream.bus.follower import Follower
from wickstream.bus.history import History
from wickstream.bus.topics import FEED_GAPS, PROCESSED_AGGS
from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.errors import StoreBusy, Unpublishable
from wickstream.events import Gap
from wickstream.stopping import Stop
from wickstream.stream.market import Market
from wickstream.stream.readable import candles_in
from wickstream.stream.thresholds import ThresholdRow
from wickstream.threshold_settings import AlertMode

log = structlog.get_logger()

_DAY_MS = 86_400_000
# Each followed symbol has a candle a minute, if only a quiet one.
_PRICES_BACK_MS = 180_000

_LOOK_S = 0.2
_REFRESH_EVERY_S = 2.0
_LEARN_EVERY_S = 300.0
_TOLD_AFTER_S = 60.0
_CLOSED_AT_ONCE = 200  # among some 30,000 candles that were still growing


class MarketView:
    """Thresholds and open holes as of a moment ago. `thresholds` and `open_holes` may be asked by any thread."""

    def __init__(self, settings: Settings, *, on_change: Callable[[Sequence[ThresholdRow]], None]) -> None:
        """`on_change` gets the thresholds once at the end of `catch_up`, and later, in the thread, all new ones."""
        self._settings = settings
        self._on_change = on_change
        self._market = Market(settings)
        self._rows: tuple[ThresholdRow, ...] | None = None
        self._unconvertible: dict[str, float] = {}  # since when
        self._past: Iterator[Candle] | None = None
        self._learnt_at_s = self._refreshed_at_s = -math.inf  # the clock of a machine just started is near 0
        self._thread: threading.Thread | None = None

    def thresholds(self) -> tuple[ThresholdRow, ...]:
        """One row a symbol, at most some seconds old."""
        return self._rows or ()

    def open_holes(self, symbol: str) -> tuple[Gap, ...]:
        """The symbol's entries of `feed_gaps` that are open."""
        return self._market.open_holes(symbol)

    def catch_up(self) -> None:
        """Read both topics to their present end; blocks.

        In adaptive mode the minutes of the last days come later, in the thread.

        Raises:
            StoreBusy: If Kafka cannot be asked now.
        """
        self._candles = Follower.open(self._settings.kafka, PROCESSED_AGGS, back_ms=_PRICES_BACK_MS)
        self._gaps = Follower.open(self._settings.kafka, FEED_GAPS, isolation=Isolation.COMMITTED)
        self._take(self._candles.to_present_end(), self._gaps.to_present_end())
        if self._settings.alert_mode is AlertMode.ADAPTIVE:
            self._past = self._closed_minutes()
        self._refresh()

    def follow(self, stopping: Stop) -> None:
        """Keep up from now on, in a thread of its own, until told to stop."""
        self._thread = threading.Thread(target=self._follow, args=(stopping,), name="market", daemon=True)
        self._thread.start()

    def join(self, *, patience_s: float) -> None:
        """Wait for the thread, which was told to stop; where there is none there is nothing to wait for."""
        if self._thread is not None:
            self._thread.join(patience_s)

    @property
    def is_following(self) -> bool:
        """False before `follow`, after the stop, and if the thread failed: its thresholds are old ones then."""
        return self._thread is not None and self._thread.is_alive()

    def _follow(self, stopping: Stop) -> None:
        while not stopping.is_set():
            self._take(self._candles.news(wait_s=_LOOK_S), self._gaps.news())
            self._read_past()
            if time.monotonic() - self._refreshed_at_s > _REFRESH_EVERY_S:
                self._refresh()
        self._candles.close()
        self._gaps.close()

    def _take(self, candles: Iterable[Message], gaps: Iterable[Message]) -> None:
        for candle in candles_in(message.value() for message in candles):
            self._market.take_candle(candle)
        for gap in _gaps_in(gaps):
            self._market.take_gap(gap)

    def _read_past(self) -> None:
        """Some of it, so that the present does not wait."""
        if self._past is None:
            return
        try:
            some = list(islice(self._past, _CLOSED_AT_ONCE))
        except StoreBusy as exc:
            log.info("reading the last days' candles again", cause=str(exc))
            self._past = self._closed_minutes()
            return
        for candle in some:
            self._market.take_candle(candle)
        if not some:
            self._past, self._learnt_at_s = None, -math.inf

    def _closed_minutes(self) -> Iterator[Candle]:
        with History(self._settings.kafka) as history:
            starts = history.offsets_back(PROCESSED_AGGS, back_ms=self._settings.alert_history_days * _DAY_MS)
            for message in history.read(PROCESSED_AGGS, starts):
                if b'"closed":true' in (message.value() or b""):  # one in a hundred; the others cost too much to decode
                    yield from candles_in([message.value()])

    def _refresh(self) -> None:
        now_s = self._refreshed_at_s = time.monotonic()
        if self._past is None and now_s - self._learnt_at_s > _LEARN_EVERY_S:
            self._market.learn_usual_minutes()
            self._learnt_at_s = now_s
        rows = self._market.thresholds()
        if rows != self._rows:
            self._rows = rows
            self._on_change(rows)
        self._tell_of_unconvertible(now_s)

    def _tell_of_unconvertible(self, now_s: float) -> None:
        """Once, of those that stay so: right after a start a price may still be on its way."""
        found = [row.symbol for row in self.thresholds() if row.usd_per_quote is None]
        self._unconvertible = {symbol: self._unconvertible.get(symbol, now_s) for symbol in found}
        to_tell = [symbol for symbol, since_s in self._unconvertible.items() if now_s - since_s > _TOLD_AFTER_S]
        if to_tell:
            log.warning("no price leads to dollars: no whales, sweeps or volume spikes of these", symbols=to_tell)
            self._unconvertible |= dict.fromkeys(to_tell, math.inf)


def _gaps_in(messages: Iterable[Message]) -> Iterator[Gap]:
    for message in messages:
        try:
            yield decode(message.value(), Gap)
        except Unpublishable:  # the writer sets it aside, and counts it
            continue
