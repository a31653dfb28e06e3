"""The endpoints of `/api/v3`."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from wickstream.serve.drop_in.door import Endpoint, handler
from wickstream.serve.drop_in.exchange_info import INFO, PING, TIME
from wickstream.serve.drop_in.klines import KLINES
from wickstream.serve.drop_in.not_kept import not_kept
from wickstream.serve.drop_in.tickers import AVERAGE, DAY, PRICE
from wickstream.serve.drop_in.trades import HISTORICAL_TRADES, TRADES
from wickstream.serve.v1.examples import answer

PREFIX = "/api/v3"
ANY_METHOD = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
_OF_ONE_SYMBOL = ("klines", "trades", "historicalTrades", "avgPrice")

# Operation ids, which do not change, and what each answers.
ENDPOINTS: dict[str, tuple[str, Endpoint]] = {
    "binancePing": ("`{}`", PING),
    "binanceTime": ("The exchange's clock", TIME),
    "binanceExchangeInfo": ("The symbols that are followed", INFO),
    "binanceKlines": ("Closed candles, the forming one last", KLINES),
    "binanceTrades": ("The newest trades", TRADES),
    "binanceHistoricalTrades": ("Trades from an id on", HISTORICAL_TRADES),
    "binanceTicker24hr": ("The last 24 hours, as the exchange said it", DAY),
    "binanceTickerPrice": ("The last trade's price", PRICE),
    "binanceAvgPrice": ("The average price of five minutes", AVERAGE),
}


REFUSALS: dict[int | str, dict[str, Any]] = {
    400: answer("Refused, in the exchange's words.", {"code": -1121, "msg": "Invalid symbol."}),
    401: answer("No good key, where keys are needed.", {"code": -2014, "msg": "a key is needed"}),
    403: answer("A key that does not open this.", {"code": -2015, "msg": "the key 3f has not the scope read"}),
    429: answer("The minute's weight is used up.", {"code": -1003, "msg": "the limit of 6000 a minute is used up"}),
    503: answer("No tier can answer now.", {"code": -1001, "msg": "Internal error; unable to process your request."}),
}


def _router() -> APIRouter:
    router = APIRouter(prefix=PREFIX, tags=["as Binance has it"])
    for operation_id, (summary, endpoint) in ENDPOINTS.items():
        router.add_api_route(
            f"/{endpoint.name}",
            handler(endpoint),
            operation_id=operation_id,
            summary=summary,
            description=endpoint.answer.__doc__,
            response_class=Response,
            response_description="As of the exchange.",
            responses=REFUSALS,
            openapi_extra={"parameters": [_parameter(endpoint.name, name) for name in endpoint.parameters]},
        )
    router.add_api_route("/{name:path}", not_kept, methods=ANY_METHOD, include_in_schema=False)
    return router


def _parameter(endpoint: str, name: str) -> dict[str, Any]:
    is_mandatory = name == "interval" or (name == "symbol" and endpoint in _OF_ONE_SYMBOL)
    return {"name": name, "in": "query", "required": is_mandatory, "schema": {"type": "string"}}


router = _router()
