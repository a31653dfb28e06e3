"""The REST side of the local exchange: `/api/v3` with its weights, headers and error bodies."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import msgspec
from aiohttp import web

from wickstream.binance.shapes import ApiError
from wickstream.exchange.local.market_data import MarketData, Query
from wickstream.exchange.local.microseconds import in_microseconds
from wickstream.exchange.local.request_limit import RequestLimit


@dataclass(frozen=True)
class Route:
    """One endpoint: what answers it, and what it weighs."""

    answer: Callable[[MarketData, Query], object]
    weigh: Callable[[Query], int]


def _flat(weight: int) -> Callable[[Query], int]:
    return lambda _: weight


def _day_weight(query: Query) -> int:
    """By the number of symbols asked for; without any it is all of them."""
    if "symbol" in query:
        return 2
    asked = query["symbols"].count(",") + 1 if "symbols" in query else 1_000
    return 2 if asked <= 20 else 40 if asked <= 100 else 80


ROUTES: Mapping[str, Route] = {
    "/api/v3/ping": Route(MarketData.ping, _flat(1)),
    "/api/v3/time": Route(MarketData.time, _flat(1)),
    "/api/v3/exchangeInfo": Route(MarketData.info, _flat(20)),
    "/api/v3/trades": Route(MarketData.trades, _flat(25)),
    "/api/v3/historicalTrades": Route(MarketData.historical_trades, _flat(25)),
    "/api/v3/aggTrades": Route(MarketData.agg_trades, _flat(4)),
    "/api/v3/klines": Route(MarketData.klines, _flat(2)),
    "/api/v3/ticker/24hr": Route(MarketData.day, _day_weight),
}


class RestServer:
    """Books the weight of a request, asks, and writes the answer down."""

    def __init__(self, market: MarketData, *, real_seconds: Callable[[], float] = time.time) -> None:
        self._market = market
        self._limit = RequestLimit(real_seconds=real_seconds)

    def add_routes(self, app: web.Application) -> None:
        """Serve all endpoints."""
        for path, route in ROUTES.items():
            app.router.add_get(path, self._handler(route))

    def _handler(self, route: Route) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            address = request.remote or ""
            try:
                self._limit.spend(address, route.weigh(request.query))
                body, status, retry = self._answer(route, request), 200, None
            except ApiError as error:
                body, status, retry = msgspec.json.encode(error.body), error.status, error.retry_after_s
            return web.Response(body=body, status=status, headers=self._headers(address, retry))

        return handle

    def _answer(self, route: Route, request: web.Request) -> bytes:
        answer = route.answer(self._market, request.query)
        if request.headers.get("X-MBX-TIME-UNIT", "").upper() == "MICROSECOND":
            answer = in_microseconds(answer)
        return msgspec.json.encode(answer)

    def _headers(self, address: str, retry_after_s: int | None) -> dict[str, str]:
        used = str(self._limit.used(address))
        headers = {
            "Content-Type": "application/json;charset=UTF-8",
            "X-MBX-USED-WEIGHT": used,
            "X-MBX-USED-WEIGHT-1M": used,
        }
        return headers if retry_after_s is None else headers | {"Retry-After": str(retry_after_s)}
