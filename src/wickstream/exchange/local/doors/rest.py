"""The REST side of the local exchange: `/api/v3` with its weights, headers and error bodies."""

import time
from collections.abc import Awaitable, Callable, Container, Mapping
from dataclasses import dataclass

import msgspec
from aiohttp import web

from wickstream.binance.shapes import WEIGHT_PER_MINUTE, ApiError, rate_limits
from wickstream.exchange.local.doors.market_data import MarketData, Query
from wickstream.exchange.local.doors.request_limit import RequestLimit
from wickstream.exchange.local.faults.answer_faults import RestLimit
from wickstream.exchange.local.faults.database import FROM_DATABASE, Database
from wickstream.exchange.local.faults.switchboard import Switchboard
from wickstream.exchange.local.market.microseconds import in_microseconds


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

    def __init__(
        self,
        market: MarketData,
        database: Database,
        board: Switchboard,
        *,
        real_seconds: Callable[[], float] = time.time,
    ) -> None:
        self._market = market
        self._database = database
        self._board = board
        self._limit = RequestLimit(real_seconds=real_seconds)

    def add_routes(self, app: web.Application, *, without: Container[str] = ()) -> None:
        """Serve the endpoints of a host: all but those it has not got."""
        for path, route in ROUTES.items():
            if path not in without:
                app.router.add_get(path, self._handler(route))

    def _handler(self, route: Route) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            address = request.remote or ""
            self._limit.allow(self._weight_per_minute())
            try:
                self._limit.spend(address, route.weigh(request.query))
                body, status, retry = self._answer(route, request), 200, None
            except ApiError as error:
                body, status, retry = msgspec.json.encode(error.body), error.status, error.retry_after_s
            return web.Response(body=body, status=status, headers=self._headers(address, retry))

        return handle

    def _answer(self, route: Route, request: web.Request) -> bytes:
        answer = self._asked(route, request.query)
        if request.headers.get("X-MBX-TIME-UNIT", "").upper() == "MICROSECOND":
            answer = in_microseconds(answer)
        return msgspec.json.encode(answer)

    def _asked(self, route: Route, query: Query) -> object:
        if route.answer in FROM_DATABASE:
            return self._database.answer(route.answer, query)
        answer = route.answer(self._market, query)
        if isinstance(answer, dict) and "rateLimits" in answer:
            return answer | {"rateLimits": rate_limits(self._weight_per_minute())}
        return answer

    def _weight_per_minute(self) -> int:
        return next((limit.weight for limit, _ in self._board.on(RestLimit)), WEIGHT_PER_MINUTE)

    def _headers(self, address: str, retry_after_s: int | None) -> dict[str, str]:
        used = str(self._limit.used(address))
        headers = {
            "Content-Type": "application/json;charset=UTF-8",
            "X-MBX-USED-WEIGHT": used,
            "X-MBX-USED-WEIGHT-1M": used,
        }
        return headers if retry_after_s is None else headers | {"Retry-After": str(retry_after_s)}
