"""What is pushed, as our own records. Pure."""

from decimal import Decimal

import msgspec

from wickstream.binance.frames import open_envelope, parse_ticker, parse_trade
from wickstream.bus.codec import decode
from wickstream.candle import Candle, Origin
from wickstream.errors import MalformedFrame
from wickstream.events import Alert, Ticker, Trade
from wickstream.serve.live.names import ALERTS, KLINE, TICKER, TRADE, parse_stream

Event = Trade | Ticker | Candle | Alert


class _Kline(msgspec.Struct):
    t: int
    T: int
    s: str
    i: str
    f: int
    L: int
    o: Decimal
    c: Decimal
    h: Decimal
    l: Decimal  # noqa: E741 - the exchange's own name
    v: Decimal
    n: int
    x: bool
    q: Decimal
    V: Decimal
    Q: Decimal


class _KlineFrame(msgspec.Struct):
    E: int
    k: _Kline


_klines = msgspec.json.Decoder(_KlineFrame)


def parse_event(message: bytes) -> Event | None:
    """One message of a combined stream; None: an answer to us, or nothing we know.

    Raises:
        MalformedFrame: If it is not what its stream's name says.
    """
    envelope = open_envelope(message)
    name = parse_stream(envelope.stream) if envelope.stream else None
    if name is None:
        return None
    data = bytes(envelope.data)
    match name.kind:
        case k if k == TRADE:
            return parse_trade(data)
        case k if k == TICKER:
            return parse_ticker(data)
        case k if k == KLINE:
            return _candle(data)
        case k if k == ALERTS:
            return decode(data, Alert)
    return None


def _candle(data: bytes) -> Candle:
    try:
        frame = _klines.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise MalformedFrame(f"not a kline: {exc}", data) from exc
    kline = frame.k
    has_ids = kline.n > 0
    return Candle(
        symbol=kline.s,
        interval=kline.i,
        open_time=kline.t,
        close_time=kline.T,
        open=kline.o,
        high=kline.h,
        low=kline.l,
        close=kline.c,
        volume=kline.v,
        quote_volume=kline.q,
        trade_count=kline.n,
        taker_buy_volume=kline.V,
        taker_buy_quote_volume=kline.Q,
        first_trade_id=kline.f if has_ids else None,
        last_trade_id=kline.L if has_ids else None,
        closed=kline.x,
        revision=0,
        origin=Origin.TRADES,
        published_at=frame.E,
    )
