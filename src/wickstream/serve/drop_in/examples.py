"""What OpenAPI shows of each endpoint's answer: the kline is the exchange's own, all else is made up in its form."""

from typing import Any

from wickstream.binance.shapes import RATE_LIMITS, PublicTrade, told_of_day
from wickstream.serve.drop_in.exchange_info import row_of
from wickstream.serve.v1.examples import KLINE, answer, or_as

_SAID = "As of the exchange."
_SERVER_TIME = 1723161660188
_JSON = "application/json"

_FRAME = {
    **{"s": "BTCUSDT", "p": "6535.29000000", "P": "11.855", "w": "59114.40461215", "x": "55126.50000000"},
    **{"c": "61661.79000000", "Q": "0.00146000", "b": "61661.78000000", "B": "2.45216000", "a": "61661.79000000"},
    **{"A": "3.10207000", "o": "55126.50000000", "h": "62745.14000000", "l": "54730.00000000", "v": "46000.57730000"},
    **{"q": "2719296729.03520110", "O": 1723075260047, "C": 1723161660047, "F": 3731094103, "L": 3735694820},
    "n": 4600718,
}
_TRADE = PublicTrade(
    3735694820, "61631.79000000", "0.00146000", "89.98241340", 1723161659917, buyer_is_maker=True
).rest()
_PRICE = {"symbol": "BTCUSDT", "price": "61631.79000000"}
_INFO = {
    "timezone": "UTC",
    "serverTime": _SERVER_TIME,
    "rateLimits": list(RATE_LIMITS),
    "exchangeFilters": [],
    "symbols": [row_of("BTCUSDT", "TRADING", with_sets=True)],
}


def _one_or_all(*rows: dict[str, Any]) -> dict[str, Any]:
    shown = answer(_SAID, rows[0])
    for other in (*rows[1:], *([row] for row in rows)):
        shown = or_as(shown, _JSON, other)
    return shown


ANSWERS = {
    "ping": answer(_SAID, {}),
    "time": answer(_SAID, {"serverTime": _SERVER_TIME}),
    "exchangeInfo": answer(_SAID, _INFO),
    "klines": answer(_SAID, [KLINE]),
    "trades": answer(_SAID, [_TRADE]),
    "historicalTrades": answer(_SAID, [_TRADE]),
    "ticker/24hr": _one_or_all(told_of_day(_FRAME, mini=False), told_of_day(_FRAME, mini=True)),
    "ticker/price": _one_or_all(_PRICE),
    "avgPrice": answer(_SAID, {"mins": 5, "price": "61640.11402385", "closeTime": 1723161660101}),
}
REFUSALS: dict[int | str, dict[str, Any]] = {
    400: answer("Refused, in the exchange's words.", {"code": -1121, "msg": "Invalid symbol."}),
    401: answer("No good key, where keys are needed.", {"code": -2014, "msg": "a key is needed"}),
    403: answer("A key that does not open this.", {"code": -2015, "msg": "the key 3f has not the scope read"}),
    429: answer("The minute's weight is used up.", {"code": -1003, "msg": "the limit of 6000 a minute is used up"}),
    503: answer("No tier can answer now.", {"code": -1001, "msg": "Internal error; unable to process your request."}),
}
