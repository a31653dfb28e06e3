"""What we say as the exchange says it: candles, trades and small tickers as the data of frames. Pure."""

import msgspec

from wickstream.binance.shapes import Kline
from wickstream.candle import Candle, plain
from wickstream.events import Trade

_encoder = msgspec.json.Encoder()


class _MiniTicker(msgspec.Struct):
    """Fields of a `@ticker` that are a `@miniTicker`'s too, in its order."""

    E: int
    s: str
    c: str
    o: str
    h: str
    l: str  # noqa: E741 - the exchange's own name
    v: str
    q: str
    e: str = "24hrTicker"


class TradeId(msgspec.Struct):
    """Of a `@trade`, what tells whether it was seen before."""

    s: str
    t: int


_mini = msgspec.json.Decoder(_MiniTicker)
trade_id = msgspec.json.Decoder(TradeId)


def mini_ticker(ticker: bytes) -> tuple[str, bytes]:
    """Symbol, and `@miniTicker` of a `@ticker`.

    Raises:
        msgspec.DecodeError: If it is none.
    """
    mini = _mini.decode(ticker)
    fields = {letter: getattr(mini, letter) for letter in "Escohlvq"}
    return mini.s, _encoder.encode({"e": "24hrMiniTicker", **fields})


def kline(candle: Candle) -> bytes:
    """The data of a `@kline` frame; `x` is the proof: what is not closed is told as of a moment inside the candle."""
    if candle.closed:
        event_at_ms = max(candle.published_at, candle.close_time + 1)
    else:
        event_at_ms = min(max(candle.published_at, candle.open_time), candle.close_time)
    shape = Kline(
        open_time=candle.open_time,
        open=plain(candle.open),
        high=plain(candle.high),
        low=plain(candle.low),
        close=plain(candle.close),
        volume=plain(candle.volume),
        close_time=candle.close_time,
        quote_volume=plain(candle.quote_volume),
        trades=candle.trade_count,
        taker_buy_volume=plain(candle.taker_buy_volume),
        taker_buy_quote_volume=plain(candle.taker_buy_quote_volume),
        first_trade_id=_id(candle.first_trade_id, candle.trade_count),
        last_trade_id=_id(candle.last_trade_id, candle.trade_count),
    )
    return shape.frame(candle.symbol, candle.interval, event_at_ms=event_at_ms)


def _id(trade_id: int | None, trade_count: int) -> int:
    return trade_id if trade_id is not None and trade_count else -1


def trade(trade: Trade) -> bytes:
    """The data of a `@trade` frame, of a trade whose own frame is not kept; `E` is its `T`."""
    return _encoder.encode(
        {
            "e": "trade",
            "E": trade.traded_at_ms,
            "s": trade.symbol,
            "t": trade.trade_id,
            "p": plain(trade.price),
            "q": plain(trade.quantity),
            "T": trade.traded_at_ms,
            "m": trade.buyer_is_maker,
            "M": True,
        }
    )
