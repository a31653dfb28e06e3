"""From records of the bus to what a tier writes; what no tier will ever take is told apart here, alike for all."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from confluent_kafka import Message

from wickstream.bus.codec import decode
from wickstream.bus.consumer import Positions, positions_after
from wickstream.bus.topics import FEED_GAPS, MINUTE_MARKS, PROCESSED_AGGS
from wickstream.candle import Candle
from wickstream.errors import Unpublishable
from wickstream.events import MINUTE_MS, Gap, Mark

LARGEST_COUNT = 2**53  # Lua counts in doubles
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
    rejected: list[Rejected] = field(default_factory=list)
    positions: Positions = field(default_factory=dict)


def batch_of(messages: Iterable[Message]) -> Batch:
    """Decode and check, in order."""
    batch = Batch()
    taken = list(messages)
    for message in taken:
        try:
            _TAKERS[message.topic() or ""](batch, message.value())
        except Unpublishable as exc:
            batch.rejected.append(Rejected(message, exc.reason))
    batch.positions.update(positions_after(taken))
    return batch


def _take_candle(batch: Batch, value: bytes | None) -> None:
    candle = decode(value, Candle)
    require_storable(candle)
    batch.candles.append(candle)


def _take_mark(batch: Batch, value: bytes | None) -> None:
    mark = decode(value, Mark)
    _require(_is_name(mark.symbol), "not a symbol")
    _require(all(_is_count(n) for n in (mark.open_time, mark.trade_count, mark.next_trade_id)), "a count out of range")
    _require(all(abs(n) <= LARGEST_COUNT for n in (mark.first_trade_id, mark.last_trade_id)), "an id out of range")
    _require(mark.close.is_finite(), "a price that is none")
    batch.marks.append(mark)


def _take_gap(batch: Batch, value: bytes | None) -> None:
    gap = decode(value, Gap)
    numbers = (gap.first_trade_id, gap.last_trade_id, gap.open_time, gap.detected_at)
    _require(_is_name(gap.symbol), "not a symbol")
    _require(all(_is_count(n) for n in numbers if n is not None), "a number out of range")
    _require(gap.first_trade_id is not None or gap.open_time is not None, "a gap of neither ids nor a minute")
    _require("\0" not in f"{gap.filled_by}{gap.evidence}", "a NUL in a text")
    batch.gaps.append(gap)


_TAKERS: dict[str, Callable[[Batch, bytes | None], None]] = {
    PROCESSED_AGGS: _take_candle,
    MINUTE_MARKS: _take_mark,
    FEED_GAPS: _take_gap,
}


def require_storable(candle: Candle) -> None:
    """Check what every tier relies on.

    Raises:
        Unpublishable: If a tier would refuse or change it.
    """
    _require(_is_name(candle.symbol), "not a symbol")
    _require(candle.interval == "1m", f"an interval that is not stored: {candle.interval[:8]!r}")
    _require(_is_count(candle.open_time) and candle.open_time % MINUTE_MS == 0, "open_time is not a minute's")
    _require(candle.close_time == candle.open_time + MINUTE_MS - 1, "close_time is not the minute's end")
    _require(_is_count(candle.trade_count) and _is_count(candle.published_at), "a number out of range")
    _require(0 <= candle.revision < 2**31, "revision out of range")
    _require(_ids_hold_the_trades(candle), "more trades than ids")
    for name, kind in _AMOUNTS.items():
        amount = getattr(candle, name)
        fits = amount.is_finite() and amount.adjusted() < WHOLE_DIGITS[kind]
        _require(fits and -amount.normalize().as_tuple().exponent <= PLACES[kind], f"{name} does not fit")


def _ids_hold_the_trades(candle: Candle) -> bool:
    first, last = candle.first_trade_id, candle.last_trade_id
    if first is None or last is None:
        return first is last
    return -1 <= last <= LARGEST_COUNT and first >= 0 and candle.trade_count <= last - first + 1


def _is_name(symbol: str) -> bool:
    return 0 < len(symbol) <= 64 and symbol.isprintable()


def _is_count(number: int) -> bool:
    return 0 <= number <= LARGEST_COUNT


def _require(holds: bool, otherwise: str) -> None:  # noqa: FBT001
    if not holds:
        raise Unpublishable(otherwise)
