"""From records of the bus to what a tier writes; what no tier will ever take is told apart here, alike for all."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from confluent_kafka import Message

from wickstream.bus.codec import decode
from wickstream.bus.consumer import Positions, positions_after
from wickstream.bus.topics import ALERTS, FEED_GAPS, MINUTE_MARKS, PROCESSED_AGGS, RAW_TRADES, SYMBOL_EVENTS
from wickstream.candle import Candle
from wickstream.errors import Unpublishable
from wickstream.events import MINUTE_MS, Alert, Gap, Mark, SymbolEvent
from wickstream.store.warm.marks import PublishedMark
from wickstream.store.warm.symbol_events import is_history

LARGEST_COUNT = 2**53  # Lua counts in doubles
LARGEST_EXPONENT = 64  # of amounts that no column bounds; text of so many digits can still be read
LONGEST_ID = 200
LONGEST_TIME = 15  # digits of ms
LATEST_MS = 253_370_764_800_000  # the year 9999: the end of its last month is in no calendar
LONGEST_WORD = 200  # of an author on a symbol
WHOLE_DIGITS = {"price": 12, "volume": 20, "quote": 22}  # before the point, as the cold tier's columns
PLACES = {"price": 8, "volume": 8, "quote": 16}

_AMOUNTS = {
    "open": "price",
    "high": "price",
    "low": "price",
    "close": "price",
    "volume": "volume",
    "taker_buy_volume": "volume",
    "quote_volume": "quote",
    "taker_buy_quote_volume": "quote",
}


@dataclass(frozen=True)
class Rejected:
    """A record that goes to `dead_letters`."""

    message: Message
    reason: str


@dataclass
class Batch:
    """What one poll brought, and where to go on from once it is stored."""

    candles: list[Candle] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    events: list[SymbolEvent] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    alert_records: list[Message] = field(default_factory=list)  # of each alert the record it came in
    trades: list[Message] = field(default_factory=list)  # as they came: of so many not one is decoded by itself
    rejected: list[Rejected] = field(default_factory=list)
    positions: Positions = field(default_factory=dict)


def batch_of(messages: Iterable[Message]) -> Batch:
    """Decode and check, in order."""
    batch = Batch()
    taken = list(messages)
    for message in taken:
        try:
            _TAKERS[message.topic() or ""](batch, message)
        except Unpublishable as exc:
            batch.rejected.append(Rejected(message, exc.reason))
    batch.positions.update(positions_after(taken))
    return batch


def _take_candle(batch: Batch, message: Message) -> None:
    candle = decode(message.value(), Candle)
    require_storable(candle)
    batch.candles.append(candle)


def _take_mark(batch: Batch, message: Message) -> None:
    mark = decode(message.value(), Mark)
    _require(is_name(mark.symbol), "not a symbol")
    _require(0 <= mark.open_time < LATEST_MS, "open_time out of range")
    _require(all(_is_count(n) for n in (mark.trade_count, mark.next_trade_id)), "a count out of range")
    _require(all(abs(n) <= LARGEST_COUNT for n in (mark.first_trade_id, mark.last_trade_id)), "an id out of range")
    _require(0 <= mark.id_sum <= LARGEST_COUNT**2, "a sum out of range")
    _require(-(2**63) <= mark.id_hash < 2**63, "a hash of more than 64 bits")
    _require(_is_readable(mark.close), "a price that is none")
    batch.marks.append(_published(mark, message))


def _published(mark: Mark, message: Message) -> PublishedMark:
    since = dict(message.headers() or ()).get("since")
    since_ms = int(since) if isinstance(since, bytes) and since.isdigit() and len(since) <= LONGEST_TIME else None
    fields = {name: getattr(mark, name) for name in Mark.__struct_fields__}
    return PublishedMark(**fields, since=since_ms, written_at=message.timestamp()[1])


def _take_gap(batch: Batch, message: Message) -> None:
    gap = decode(message.value(), Gap)
    numbers = (gap.first_trade_id, gap.last_trade_id, gap.open_time, gap.detected_at)
    _require(is_name(gap.symbol), "not a symbol")
    _require(all(_is_count(n) for n in numbers if n is not None), "a number out of range")
    _require(gap.first_trade_id is not None or gap.open_time is not None, "a gap of neither ids nor a minute")
    _require("\0" not in f"{gap.filled_by}{gap.evidence}", "a NUL in a text")
    batch.gaps.append(gap)


def _take_event(batch: Batch, message: Message) -> None:
    event = decode(message.value(), SymbolEvent)
    if is_history(event):
        _require(is_name(event.symbol), "not a symbol")
        numbers = (event.since, event.next_trade_id)
        _require(all(_is_count(n) for n in numbers if n is not None), "a number out of range")
        words = (event.status, event.chosen_by, event.shard)
        _require(all(len(word) <= LONGEST_WORD and word.isprintable() for word in words if word), "not a word")
        batch.events.append(event)


def _take_alert(batch: Batch, message: Message) -> None:
    alert = decode(message.value(), Alert)
    require_tellable(alert)
    batch.alerts.append(alert)
    batch.alert_records.append(message)


def _take_trade(batch: Batch, message: Message) -> None:
    batch.trades.append(message)


_TAKERS: dict[str, Callable[[Batch, Message], None]] = {
    PROCESSED_AGGS: _take_candle,
    MINUTE_MARKS: _take_mark,
    FEED_GAPS: _take_gap,
    SYMBOL_EVENTS: _take_event,
    ALERTS: _take_alert,
    RAW_TRADES: _take_trade,
}


def require_storable(candle: Candle) -> None:
    """Check what every tier relies on.

    Raises:
        Unpublishable: If a tier would refuse or change it.
    """
    _require(is_name(candle.symbol), "not a symbol")
    _require(candle.interval == "1m", f"an interval that is not stored: {candle.interval[:8]!r}")
    _require(0 <= candle.open_time < LATEST_MS, "open_time out of range")
    _require(candle.open_time % MINUTE_MS == 0, "open_time is not a minute's")
    _require(candle.close_time == candle.open_time + MINUTE_MS - 1, "close_time is not the minute's end")
    _require(_is_count(candle.trade_count) and _is_count(candle.published_at), "a number out of range")
    _require(0 <= candle.revision < 2**31, "revision out of range")
    _require(_ids_hold_the_trades(candle), "more trades than ids")
    for name, kind in _AMOUNTS.items():
        amount = getattr(candle, name)
        fits = amount.is_finite() and amount.adjusted() < WHOLE_DIGITS[kind]
        _require(fits and -amount.normalize().as_tuple().exponent <= PLACES[kind], f"{name} does not fit")


def require_tellable(alert: Alert) -> None:
    """Check what the table of alerts and the sinks rely on.

    Raises:
        Unpublishable: If one of them would refuse or change it.
    """
    _require(is_name(alert.symbol), "not a symbol")
    _require(0 < len(alert.alert_id) <= LONGEST_ID and alert.alert_id.isprintable(), "not an alert_id")
    _require(0 <= alert.at < LATEST_MS and _is_count(alert.trade_count), "a number out of range")
    _require(0 <= alert.revision < 2**31, "revision out of range")
    for name, amount in (("value", alert.value), ("threshold", alert.threshold)):
        _require(_is_readable(amount), f"{name} does not fit")
    for name, fact in alert.facts.items():
        _require(is_name(name), "a fact without a name")
        _require(abs(fact) <= LARGEST_COUNT if isinstance(fact, int) else "\0" not in fact, f"{name} does not fit")


def _ids_hold_the_trades(candle: Candle) -> bool:
    first, last = candle.first_trade_id, candle.last_trade_id
    if first is None or last is None:
        return first is last
    return -1 <= last <= LARGEST_COUNT and first >= 0 and candle.trade_count <= last - first + 1


def is_name(symbol: str) -> bool:
    """Tell what may be a symbol, and stand as one in any store."""
    return 0 < len(symbol) <= 64 and symbol.isprintable()


def _is_readable(amount: Decimal) -> bool:
    return amount.is_finite() and abs(amount.adjusted()) < LARGEST_EXPONENT


def _is_count(number: int) -> bool:
    return 0 <= number <= LARGEST_COUNT


def _require(holds: bool, otherwise: str) -> None:  # noqa: FBT001
    if not holds:
        raise Unpublishable(otherwise)
