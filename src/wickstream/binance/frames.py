"""What comes off a socket: the combined envelope, trades, tickers and answers to our own messages."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar

import msgspec

from wickstream.errors import MalformedFrame
from wickstream.events import Ticker, Trade

MICROSECONDS_FROM = 100_000_000_000_000  # as milliseconds this is the year 5138; real µs stamps are larger
AMOUNT_PLACES = 8  # the exchange writes no more; what we store holds no more
AMOUNT_DIGITS = 12  # before the point
_DIGITS_TO_0 = bytes.maketrans(b"0123456789", b"0" * 10)
FRAME_LIMIT_BYTES = 100_000  # the longest we ask for, a list of 1,024 streams, has a third; Kafka takes ten times it
LARGEST_INTEGER = 2**63 - 1  # what Spark, PostgreSQL and Kafka hold


class Envelope(msgspec.Struct):
    """`{"stream": …, "data": …}`; or, without a stream, the answer to one of our messages."""

    stream: str | None = None
    data: msgspec.Raw = msgspec.Raw(b"")
    id: int | str | None = None
    result: Any = None
    error: dict[str, Any] | None = None
    code: int | None = None  # errors come nested, the documentation has them flat
    msg: str | None = None


class TradeFrame(msgspec.Struct, gc=False):
    """{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,"p":"61837.63","q":"0.02","T":1723161255342,"m":true}."""

    event: str = msgspec.field(name="e")
    event_at: int = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    trade_id: int = msgspec.field(name="t")
    price: str = msgspec.field(name="p")
    quantity: str = msgspec.field(name="q")
    traded_at: int = msgspec.field(name="T")
    buyer_is_maker: bool = msgspec.field(name="m")
    kind: str = msgspec.field(name="X", default="MARKET")  # futures only; others are off-book

    @property
    def counts(self) -> bool:
        """Whether it is of the order book, and so in candles."""
        return self.kind == "MARKET"


class SpotTrade(msgspec.Struct, gc=False, forbid_unknown_fields=True, tag_field="e", tag="trade"):
    """A trade frame of Spot. All fields, in the exchange's order: the decoder takes them fastest so."""

    event_at: int = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    trade_id: int = msgspec.field(name="t")
    price: str = msgspec.field(name="p")
    quantity: str = msgspec.field(name="q")
    traded_at: int = msgspec.field(name="T")
    buyer_is_maker: bool = msgspec.field(name="m")
    ignored: bool = msgspec.field(name="M")


class _TickerAmongTrades(msgspec.Struct, gc=False, tag_field="e", tag="24hrTicker"):
    """Looks like a trade that is never the next one, so that each read is decoded in one go."""

    symbol: str = msgspec.field(name="s")
    trade_id: ClassVar[int] = -1
    price: ClassVar[str] = "0.0"
    quantity: ClassVar[str] = "0.0"
    traded_at: ClassVar[int] = 0


SwiftTrade = SpotTrade | _TickerAmongTrades


class _SwiftFrame(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    stream: str
    data: SwiftTrade


class TickerFrame(msgspec.Struct, gc=False):
    """{"e":"24hrTicker","E":…,"s":"BNBBTC","p":"420.97","P":"4.720",…,"C":…,"F":235294268,"L":235894703,"n":600436}."""

    event: str = msgspec.field(name="e")
    event_at: int = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    price_change: Decimal = msgspec.field(name="p")
    price_change_pct: Decimal = msgspec.field(name="P")
    last_price: Decimal = msgspec.field(name="c")
    open_price: Decimal = msgspec.field(name="o")
    high_price: Decimal = msgspec.field(name="h")
    low_price: Decimal = msgspec.field(name="l")
    volume: Decimal = msgspec.field(name="v")
    quote_volume: Decimal = msgspec.field(name="q")
    closed_at: int = msgspec.field(name="C")
    first_trade_id: int = msgspec.field(name="F")
    last_trade_id: int = msgspec.field(name="L")
    trade_count: int = msgspec.field(name="n")


# What `amount` takes, twice: one match is cheaper than two.
_one_amount = rf"[0-9]{{1,{AMOUNT_DIGITS}}}(?:\.[0-9]{{0,{AMOUNT_PLACES}}})?"
_two_amounts = re.compile(f"{_one_amount} {_one_amount}").fullmatch
_envelopes = msgspec.json.Decoder(Envelope)
_swift_frames = msgspec.json.Decoder(_SwiftFrame)
_spot_trades = msgspec.json.Decoder(SpotTrade)
_trades = msgspec.json.Decoder(TradeFrame)
_tickers = msgspec.json.Decoder(TickerFrame)


def open_envelope(frame: bytes) -> Envelope:
    """The frame's stream name and its `data`, byte for byte.

    Raises:
        MalformedFrame: If it is not JSON of that shape, or longer than anything we ask for.
    """
    if len(frame) > FRAME_LIMIT_BYTES:
        raise MalformedFrame(f"{len(frame)} bytes", frame)
    try:
        return _envelopes.decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise MalformedFrame(f"not an envelope: {exc}", frame) from exc


def decode_spot_trades(frames: Sequence[bytes]) -> list[SwiftTrade] | None:
    """Combined frames, each in one go; tickers among them stand as trades that are never the next one.

    None if one of them is neither, or not written just as the exchange writes them: then each has to be looked at.
    """
    if max(map(len, frames), default=0) > FRAME_LIMIT_BYTES:
        return None
    decode = _swift_frames.decode
    try:
        trades = [decode(frame).data for frame in frames]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return trades if _are_amounts(trades) else None


def decode_spot_data(values: Sequence[bytes]) -> list[SpotTrade] | None:
    """The `data` of trade frames of Spot, each in one go.

    None if one of them is something else, or not written just as the exchange writes them: then each is for
    `parse_trade`. Ids and times may be any integers.
    """
    decode = _spot_trades.decode
    try:
        trades = [decode(value) for value in values]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return trades if _are_amounts(trades) else None


def _are_amounts(trades: Sequence[SwiftTrade]) -> bool:
    """As `amount` says of each price and quantity, of those with a point; for speed, and tested against it."""
    texts = ",".join([trade.price for trade in trades] + [trade.quantity for trade in trades])
    shapes = f",{texts},".encode().translate(_DIGITS_TO_0)
    return (
        shapes.translate(None, b"0") == b",." * (2 * len(trades)) + b","
        and b",." not in shapes
        and b".," not in shapes
        and b"0" * (AMOUNT_DIGITS + 1) not in shapes
        and b"." + b"0" * (AMOUNT_PLACES + 1) not in shapes
    )


def spot_trade_begins(stream: str) -> tuple[bytes, int]:
    """How every frame of a `@trade` stream begins, and where its `data` does."""
    before = b'{"stream":"%b","data":' % stream.encode()
    return before + b'{"e":"trade","E":', len(before)


def is_answer(message: bytes) -> bool:
    """Whether a message answers one of ours; a frame of a stream, or garbage, does not."""
    try:
        envelope = open_envelope(message)
    except MalformedFrame:
        return False
    said = (envelope.id, envelope.result, envelope.error, envelope.code)
    return envelope.stream is None and any(part is not None for part in said)


def normal_ms(time: int) -> int:
    """Epoch ms of a time that the exchange gave in ms or µs: told apart by magnitude, everywhere by this rule."""
    return time // 1_000 if time >= MICROSECONDS_FROM else time


def decode_trade(data: bytes | msgspec.Raw) -> TradeFrame:
    """The `data` of one `@trade` frame, of Spot or futures: every field there, and within its range.

    Raises:
        MalformedFrame: If it is not.
    """
    try:
        frame = _trades.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise MalformedFrame(f"not a trade: {exc}", bytes(data)) from exc
    if frame.event != "trade" or not frame.symbol:
        raise MalformedFrame("not a trade", bytes(data))
    if not (0 <= frame.trade_id <= LARGEST_INTEGER and 0 < frame.traded_at <= LARGEST_INTEGER):
        raise MalformedFrame("a trade's id or time out of range", bytes(data))
    if not _two_amounts(f"{frame.price} {frame.quantity}"):
        raise MalformedFrame(f"not amounts: {frame.price[:40]!r}, {frame.quantity[:40]!r}", bytes(data))
    return frame


def parse_trade(data: bytes | msgspec.Raw) -> Trade:
    """As `decode_trade`, with its price and quantity as numbers."""
    frame = decode_trade(data)
    return Trade(
        frame.symbol,
        frame.trade_id,
        Decimal(frame.price),
        Decimal(frame.quantity),
        normal_ms(frame.traded_at),
        frame.buyer_is_maker,
        frame.counts,
    )


def parse_ticker(data: bytes | msgspec.Raw) -> Ticker:
    """The `data` of one `@ticker` frame.

    Raises:
        MalformedFrame: If a field is missing or of the wrong type.
    """
    try:
        frame = _tickers.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise MalformedFrame(f"not a ticker: {exc}", bytes(data)) from exc
    if frame.event != "24hrTicker" or not all(map(Decimal.is_finite, _amounts(frame))):
        raise MalformedFrame("not a ticker", bytes(data))
    return Ticker(
        symbol=frame.symbol,
        event_at_ms=normal_ms(frame.event_at),
        closed_at_ms=normal_ms(frame.closed_at),
        first_trade_id=frame.first_trade_id,
        last_trade_id=frame.last_trade_id,
        trade_count=frame.trade_count,
        last_price=frame.last_price,
        open_price=frame.open_price,
        high_price=frame.high_price,
        low_price=frame.low_price,
        price_change=frame.price_change,
        price_change_pct=frame.price_change_pct,
        volume=frame.volume,
        quote_volume=frame.quote_volume,
    )


def _amounts(frame: TickerFrame) -> tuple[Decimal, ...]:
    prices = (frame.last_price, frame.open_price, frame.high_price, frame.low_price)
    return (*prices, frame.price_change, frame.price_change_pct, frame.volume, frame.quote_volume)


def amount(text: str, *, digits: int = AMOUNT_DIGITS) -> Decimal:
    """A price or quantity as the exchange writes it: digits, a point, at most 8 places; never negative.

    Raises:
        ValueError: If it is anything else: more places would be rounded away by what stores it.
    """
    whole, _, places = text.partition(".")
    if not (whole.isdigit() and (not places or places.isdigit()) and text.isascii()):
        raise ValueError(f"not an amount: {text[:40]!r}")
    if len(places) > AMOUNT_PLACES or len(whole) > digits:
        raise ValueError(f"an amount out of range: {text[:40]!r}")
    return Decimal(text)
