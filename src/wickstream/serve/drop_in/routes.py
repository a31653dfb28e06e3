"""The endpoints of `/api/v3`."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from wickstream.serve.drop_in.door import Endpoint, handler
from wickstream.serve.drop_in.examples import ANSWERS, REFUSALS
from wickstream.serve.drop_in.exchange_info import INFO, PING, TIME
from wickstream.serve.drop_in.klines import KLINES
from wickstream.serve.drop_in.not_kept import not_kept
from wickstream.serve.drop_in.tickers import AVERAGE, DAY, PRICE
from wickstream.serve.drop_in.trades import HISTORICAL_TRADES, TRADES

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
            responses={200: ANSWERS[endpoint.name], **REFUSALS},
            openapi_extra={"parameters": [_parameter(endpoint.name, name) for name in endpoint.parameters]},
        )
    router.add_api_route("/{name:path}", not_kept, methods=ANY_METHOD, include_in_schema=False)
    return router


def _parameter(endpoint: str, name: str) -> dict[str, Any]:
    is_mandatory = name == "interval" or (name == "symbol" and endpoint in _OF_ONE_SYMBOL)
    return {"name": name, "in": "query", "required": is_mandatory, "schema": {"type": "string"}}


router = _router()
