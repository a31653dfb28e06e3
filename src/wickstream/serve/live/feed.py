"""From what the bus says to what is pushed: trades in order, newest tickers, each alert once. Belongs to the loop."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from enum import StrEnum
from typing import NamedTuple

import msgspec

from wickstream.bus.codec import decode
from wickstream.candle import Candle
from wickstream.errors import Unpublishable
from wickstream.events import Alert
from wickstream.serve.live import frames
from wickstream.serve.live.messages import Message
from wickstream.serve.live.names import ALERTS, MINI_TICKER, MINI_TICKERS, TICKER, TRADE, stream_of

TOLD_ALERTS = 50_000  # an alert comes again within minutes of its first time, or late, and late ones are not pushed
KEPT_ALERTS = 500  # for who comes back


class Kind(StrEnum):
    """What a record is: each has a topic of its own."""

    TRADE = "trade"
    TICKER = "ticker"
    MINUTE = "minute"
    ALERT = "alert"


class Record(NamedTuple):
    """One record of a topic, as it came."""

    kind: Kind
    value: bytes


class Feed:
    """Takes records in the order of their partitions; gives messages to `publish` and candles to `take_candle`."""

    def __init__(self, publish: Callable[[Message], None], take_candle: Callable[[Candle], None]) -> None:
        self.alerts: dict[str, Message] = {}  # the newest, by id, the oldest first
        self._publish = publish
        self._take_candle = take_candle
        self._newest_ids: dict[str, int] = {}
        self._streams: dict[str, str] = {}
        self._changed: dict[str, bytes] = {}
        self._told_alerts: dict[str, None] = {}
        self._takers = {
            Kind.TRADE: self._take_trade,
            Kind.TICKER: self._take_ticker,
            Kind.MINUTE: self._take_minute,
            Kind.ALERT: self._take_alert,
        }

    def take(self, records: Iterable[Record]) -> None:
        """What does not parse is passed over: whose topic it is, sets it aside."""
        for record in records:
            with suppress(msgspec.DecodeError, Unpublishable, UnicodeDecodeError):
                self._takers[record.kind](record.value)

    def hear(self, announced: bytes) -> None:
        """A forming candle of the live lane."""
        with suppress(Unpublishable):
            self._take_minute(announced)

    def tell_changed(self) -> None:
        """`!miniTicker@arr`: those that changed since it was told last."""
        if self._changed:
            self._publish(Message(MINI_TICKERS, b"[%b]" % b",".join(self._changed.values())))
            self._changed = {}

    def _take_trade(self, value: bytes) -> None:
        """Uncommitted records come again: an id that is not above the newest was seen."""
        symbol, trade_id = msgspec.structs.astuple(frames.trade_id.decode(value))
        if trade_id > self._newest_ids.get(symbol, -1):
            self._newest_ids[symbol] = trade_id
            stream = self._streams.get(symbol)
            if stream is None:
                stream = self._streams[symbol] = stream_of(symbol, TRADE)
            self._publish(Message(stream, value))

    def _take_ticker(self, value: bytes) -> None:
        symbol, mini = frames.mini_ticker(value)
        self._changed[symbol] = mini
        self._publish(Message(stream_of(symbol, TICKER), value, conflates=True, is_state=True))
        self._publish(Message(stream_of(symbol, MINI_TICKER), mini, conflates=True, is_state=True))

    def _take_minute(self, value: bytes) -> None:
        self._take_candle(decode(value, Candle))

    def _take_alert(self, value: bytes) -> None:
        alert = decode(value, Alert)
        if alert.late or alert.alert_id in self._told_alerts:
            return
        self._told_alerts[alert.alert_id] = None
        self.alerts[alert.alert_id] = message = Message(ALERTS, value)
        for kept, most in ((self._told_alerts, TOLD_ALERTS), (self.alerts, KEPT_ALERTS)):
            if len(kept) > most:
                del kept[next(iter(kept))]
        self._publish(message)
