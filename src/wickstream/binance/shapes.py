"""How the exchange writes its answers: market figures as REST objects and as stream frames; errors; limits."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

RATE_LIMITS = (
    {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6_000},
    {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 100},
    {"rateLimitType": "ORDERS", "interval": "DAY", "intervalNum": 1, "limit": 200_000},
    {"rateLimitType": "RAW_REQUESTS", "interval": "MINUTE", "intervalNum": 5, "limit": 300_000},
)
WEIGHT_PER_MINUTE = 6_000
JSON = "application/json;charset=UTF-8"  # what it calls its answers


def rate_limits(weight_per_minute: int) -> list[dict[str, Any]]:
    """The limits of exchangeInfo, with another weight."""
    return [
        limit | {"limit": weight_per_minute} if limit["rateLimitType"] == "REQUEST_WEIGHT" else dict(limit)
        for limit in RATE_LIMITS
    ]


class ApiError(Exception):
    """An answer other than 200: `{"code": …, "msg": …}`."""

    def __init__(self, code: int, message: str, *, status: int = 400, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after_s = retry_after_s
        self.body = {"code": code, "msg": message}


def fixed(units: int, places: int, *, shown: int | None = None) -> str:
    """An integer of `places` decimal places as the exchange writes it; rounded half-even where fewer are shown."""
    if shown is not None and shown < places:
        units, places = _rounded(units, 10 ** (places - shown)), shown
    sign, digits = "-" if units < 0 else "", str(abs(units)).rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"


def ratio(numerator: int, denominator: int, places: int) -> str:
    """A quotient with so many decimal places; 0 where there is nothing to divide by."""
    return fixed(_rounded(numerator * 10**places, denominator) if denominator else 0, places)


def _rounded(numerator: int, denominator: int) -> int:
    whole, rest = divmod(numerator, denominator)
    return whole + (2 * rest > denominator or (2 * rest == denominator and whole % 2 == 1))


class PublicTrade(NamedTuple):
    """One trade of `/trades` and `/historicalTrades`."""

    trade_id: int
    price: str
    quantity: str
    quote_quantity: str
    traded_at_ms: int
    buyer_is_maker: bool

    def rest(self) -> dict[str, Any]:
        """As REST tells it."""
        return {
            "id": self.trade_id,
            "price": self.price,
            "qty": self.quantity,
            "quoteQty": self.quote_quantity,
            "time": self.traded_at_ms,
            "isBuyerMaker": self.buyer_is_maker,
            "isBestMatch": True,
        }


class AggTrade(NamedTuple):
    """Trades of one time, price and side, taken as one."""

    agg_id: int
    price: str
    quantity: str
    first_trade_id: int
    last_trade_id: int
    traded_at_ms: int
    buyer_is_maker: bool

    def rest(self) -> dict[str, Any]:
        """As REST tells it."""
        return {
            "a": self.agg_id,
            "p": self.price,
            "q": self.quantity,
            "f": self.first_trade_id,
            "l": self.last_trade_id,
            "T": self.traded_at_ms,
            "m": self.buyer_is_maker,
            "M": True,
        }

    def frame(self, symbol: str) -> bytes:
        """The `data` of an `@aggTrade` frame."""
        return msgspec.json.encode({"e": "aggTrade", "E": self.traded_at_ms, "s": symbol, **self.rest()})


class Kline(NamedTuple):
    """One kline; ids are -1 where it holds no trade."""

    open_time: int
    open: str
    high: str
    low: str
    close: str
    volume: str
    close_time: int
    quote_volume: str
    trades: int
    taker_buy_volume: str
    taker_buy_quote_volume: str
    first_trade_id: int
    last_trade_id: int

    def rest(self) -> list[int | str]:
        """The array of 12."""
        return [*self[:11], "0"]

    def frame(self, symbol: str, interval: str, *, event_at_ms: int) -> bytes:
        """The `data` of a `@kline` frame."""
        kline = {
            "t": self.open_time,
            "T": self.close_time,
            "s": symbol,
            "i": interval,
            "f": self.first_trade_id,
            "L": self.last_trade_id,
            "o": self.open,
            "c": self.close,
            "h": self.high,
            "l": self.low,
            "v": self.volume,
            "n": self.trades,
            "x": event_at_ms > self.close_time,
            "q": self.quote_volume,
            "V": self.taker_buy_volume,
            "Q": self.taker_buy_quote_volume,
            "B": "0",
        }
        return msgspec.json.encode({"e": "kline", "E": event_at_ms, "s": symbol, "k": kline})


class DayTicker(msgspec.Struct, frozen=True):
    """The rolling 24 hours of one symbol; field names as in `/ticker/24hr`."""

    symbol: str
    priceChange: str  # noqa: N815 - the exchange's own names, in its order
    priceChangePercent: str  # noqa: N815
    weightedAvgPrice: str  # noqa: N815
    prevClosePrice: str  # noqa: N815
    lastPrice: str  # noqa: N815
    lastQty: str  # noqa: N815
    bidPrice: str  # noqa: N815
    bidQty: str  # noqa: N815
    askPrice: str  # noqa: N815
    askQty: str  # noqa: N815
    openPrice: str  # noqa: N815
    highPrice: str  # noqa: N815
    lowPrice: str  # noqa: N815
    volume: str
    quoteVolume: str  # noqa: N815
    openTime: int  # noqa: N815
    closeTime: int  # noqa: N815
    firstId: int  # noqa: N815
    lastId: int  # noqa: N815
    count: int

    def rest(self, *, mini: bool = False) -> dict[str, Any]:
        """As REST tells it; `mini`: without changes, averages and book."""
        whole = msgspec.structs.asdict(self)
        return {name: whole[name] for name in _MINI_FIELDS} if mini else whole

    def frame(self) -> bytes:
        """The `data` of a `@ticker` frame."""
        whole = msgspec.structs.asdict(self)
        fields = {letter: whole[name] for letter, name in _TICKER_LETTERS.items()}
        return msgspec.json.encode({"e": "24hrTicker", "E": self.closeTime, "s": self.symbol, **fields})

    def mini_frame(self) -> bytes:
        """The `data` of a `@miniTicker` frame."""
        whole = msgspec.structs.asdict(self)
        fields = {letter: whole[_TICKER_LETTERS[letter]] for letter in "cohlvq"}
        return msgspec.json.encode({"e": "24hrMiniTicker", "E": self.closeTime, "s": self.symbol, **fields})


def told_of_day(frame: Mapping[str, Any], *, mini: bool) -> dict[str, Any]:
    """What `/ticker/24hr` tells, by the `data` of a `@ticker` frame; what the frame does not tell is left out."""
    told = {"symbol": frame["s"]} | {name: frame[letter] for letter, name in _TICKER_LETTERS.items() if letter in frame}
    names = _MINI_FIELDS if mini else DayTicker.__struct_fields__
    return {name: told[name] for name in names if name in told}


_MINI_FIELDS = (
    "symbol",
    "openPrice",
    "highPrice",
    "lowPrice",
    "lastPrice",
    "volume",
    "quoteVolume",
    "openTime",
    "closeTime",
    "firstId",
    "lastId",
    "count",
)
_TICKER_LETTERS = {
    "p": "priceChange",
    "P": "priceChangePercent",
    "w": "weightedAvgPrice",
    "x": "prevClosePrice",
    "c": "lastPrice",
    "Q": "lastQty",
    "b": "bidPrice",
    "B": "bidQty",
    "a": "askPrice",
    "A": "askQty",
    "o": "openPrice",
    "h": "highPrice",
    "l": "lowPrice",
    "v": "volume",
    "q": "quoteVolume",
    "O": "openTime",
    "C": "closeTime",
    "F": "firstId",
    "L": "lastId",
    "n": "count",
}
