"""What REST answers: trades, tickers, klines, symbols."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from wickstream.binance.frames import LARGEST_INTEGER, amount, normal_ms, parse_trade
from wickstream.candle import Candle, Origin
from wickstream.errors import MalformedFrame
from wickstream.events import Trade

SUM_DIGITS = 20  # before the point: of assets of little worth, much is traded in a minute
_json = msgspec.json.encode


class RestTrade(msgspec.Struct):
    """One element of `/trades` and `/historicalTrades`."""

    id: int
    price: str
    qty: str
    time: int
    is_buyer_maker: bool = msgspec.field(name="isBuyerMaker")
    kind: str = msgspec.field(name="X", default="MARKET")  # only the local exchange tells it, of recorded futures


class RestAggregate(msgspec.Struct):
    """One element of `/aggTrades`."""

    agg_id: int = msgspec.field(name="a")
    price: str = msgspec.field(name="p")
    quantity: str = msgspec.field(name="q")
    first_trade_id: int = msgspec.field(name="f")
    last_trade_id: int = msgspec.field(name="l")
    traded_at: int = msgspec.field(name="T")
    is_buyer_maker: bool = msgspec.field(name="m")


class Aggregate(msgspec.Struct, frozen=True, gc=False):
    """Trades of one time, price and side, told as one; it has an id of its own beside theirs."""

    symbol: str
    agg_id: int
    first_trade_id: int
    last_trade_id: int
    price: Decimal
    quantity: Decimal  # of all of them
    traded_at_ms: int
    buyer_is_maker: bool


class RestTicker(msgspec.Struct):
    """One element of `/ticker/24hr`, as far as the connector needs it; -1: no trade in the window."""

    symbol: str
    last_id: int = msgspec.field(name="lastId")
    close_time: int = msgspec.field(name="closeTime")
    count: int = 0
    last_price: Decimal = msgspec.field(name="lastPrice", default=Decimal(0))
    quote_volume: Decimal = msgspec.field(name="quoteVolume", default=Decimal(0))


class SymbolInfo(msgspec.Struct):
    """One symbol of `exchangeInfo`."""

    symbol: str
    status: str
    base_asset: str = msgspec.field(name="baseAsset", default="")
    quote_asset: str = msgspec.field(name="quoteAsset", default="")
    is_spot: bool = msgspec.field(name="isSpotTradingAllowed", default=True)


class RateLimit(msgspec.Struct):
    """One limit of `exchangeInfo`."""

    rate_limit_type: str = msgspec.field(name="rateLimitType")
    interval: str
    interval_num: int = msgspec.field(name="intervalNum")
    limit: int


class ExchangeInfo(msgspec.Struct):
    """`exchangeInfo`, as far as the connector needs it."""

    server_time: int = msgspec.field(name="serverTime")
    rate_limits: list[RateLimit] = msgspec.field(name="rateLimits")
    symbols: list[SymbolInfo]

    def weight_per_minute(self) -> int | None:
        """The request weight an address may use in a minute."""
        for limit in self.rate_limits:
            if limit.rate_limit_type == "REQUEST_WEIGHT" and limit.interval == "MINUTE":
                return limit.limit // limit.interval_num
        return None


def parse(body: bytes, kind: Any) -> Any:
    """A body as `kind`.

    Raises:
        MalformedFrame: If it is something else, such as a proxy's HTML.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise MalformedFrame(f"unexpected answer: {exc}", body[:1_000]) from exc


def parse_trades(body: bytes, symbol: str) -> list[tuple[Trade, bytes]]:
    """Trades of `/trades` or `/historicalTrades`, ascending by id, each with its bytes for `raw_trades`.

    Raises:
        MalformedFrame: If the answer is not such a list.
    """
    rows: list[RestTrade] = parse(body, list[RestTrade])
    return [rebuild(row, symbol) for row in sorted(rows, key=lambda row: row.id)]


def rebuild(row: RestTrade, symbol: str) -> tuple[Trade, bytes]:
    """In the shape and order of an `@trade` frame, with `E` = `T`: readers know one form.

    Raises:
        MalformedFrame: If a number is none, or out of its range.
    """
    off_book = b"" if row.kind == "MARKET" else b',"X":%b' % _json(row.kind)
    data = (
        b'{"e":"trade","E":%d,"s":%b,"t":%d,"p":%b,"q":%b,"T":%d,"m":%b,"M":true%b}'
        % (row.time, _json(symbol), row.id, _json(row.price), _json(row.qty), row.time, _json(row.is_buyer_maker),
           off_book)
    )  # fmt: skip
    return parse_trade(data), data


def parse_aggregates(body: bytes, symbol: str) -> list[Aggregate]:
    """The elements of `/aggTrades`, ascending by id.

    Raises:
        MalformedFrame: If the answer is not such a list.
    """
    rows: list[RestAggregate] = parse(body, list[RestAggregate])
    try:
        return [_aggregate(row, symbol) for row in sorted(rows, key=lambda row: row.agg_id)]
    except ValueError as exc:
        raise MalformedFrame(f"not aggregates: {exc}", body[:1_000]) from exc


def _aggregate(row: RestAggregate, symbol: str) -> Aggregate:
    if not 0 <= row.first_trade_id <= row.last_trade_id <= LARGEST_INTEGER:
        raise ValueError("ids out of range")
    return Aggregate(
        symbol,
        row.agg_id,
        row.first_trade_id,
        row.last_trade_id,
        amount(row.price),
        amount(row.quantity, digits=SUM_DIGITS),
        normal_ms(row.traded_at),
        row.is_buyer_maker,
    )


def parse_klines(body: bytes, symbol: str, *, published_at: int, now_ms: int) -> list[Candle]:
    """1-minute klines as candles of `origin=exchange`, ids unknown; closed where their window ended before `now_ms`.

    Raises:
        MalformedFrame: If the answer is not a list of klines.
    """
    rows: list[Sequence[Any]] = parse(body, list[list[Any]])
    try:
        return [kline_candle(row, symbol, published_at=published_at, now_ms=now_ms) for row in rows]
    except (ValueError, IndexError, TypeError, AttributeError) as exc:
        raise MalformedFrame(f"not klines: {exc}", body[:1_000]) from exc


def kline_candle(
    row: Sequence[Any], symbol: str, *, published_at: int, now_ms: int, origin: Origin = Origin.EXCHANGE
) -> Candle:
    """One kline, as REST and the archive's files write it; of revision 0, and without ids.

    Raises:
        ValueError, IndexError, TypeError, AttributeError: If it is none.
    """
    open_price, high, low, close = (amount(text) for text in row[1:5])
    close_time = normal_ms(int(row[6]))
    return Candle(
        symbol=symbol,
        interval="1m",
        open_time=normal_ms(int(row[0])),
        close_time=close_time,
        open=open_price,
        high=high,
        low=low,
        close=close,
        volume=amount(row[5], digits=SUM_DIGITS),
        quote_volume=amount(row[7], digits=SUM_DIGITS),
        trade_count=int(row[8]),
        taker_buy_volume=amount(row[9], digits=SUM_DIGITS),
        taker_buy_quote_volume=amount(row[10], digits=SUM_DIGITS),
        first_trade_id=None,
        last_trade_id=None,
        closed=close_time < now_ms,
        revision=0,
        origin=origin,
        published_at=published_at,
    )
