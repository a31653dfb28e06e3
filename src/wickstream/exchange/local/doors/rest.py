"""The REST side of the local exchange: `/api/v3` with its weights, headers and error bodies."""

import time
from collections.abc import Awaitable, Callable, Container, Mapping

import msgspec
from aiohttp import web

from wickstream.binance.microseconds import in_microseconds
from wickstream.binance.shapes import JSON, WEIGHT_PER_MINUTE, ApiError, rate_limits
from wickstream.binance.weights import weight_of
from wickstream.exchange.local.doors.market_data import MarketData, Query
from wickstream.exchange.local.doors.request_limit import RequestLimit
from wickstream.exchange.local.faults.answer_faults import RestLimit
from wickstream.exchange.local.faults.database import FROM_DATABASE, Database
from wickstream.exchange.local.faults.switchboard import Switchboard

Answer = Callable[[MarketData, Query], object]

ROUTES: Mapping[str, Answer] = {
    "/api/v3/ping": MarketData.ping,
    "/api/v3/time": MarketData.time,
    "/api/v3/exchangeInfo": MarketData.info,
    "/api/v3/trades": MarketData.trades,
    "/api/v3/historicalTrades": MarketData.historical_trades,
    "/api/v3/aggTrades": MarketData.agg_trades,
    "/api/v3/klines": MarketData.klines,
    "/api/v3/ticker/24hr": MarketData.day,
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
        for path, answer in ROUTES.items():
            if path not in without:
                app.router.add_get(path, self._handler(answer))

    def _handler(self, answer: Answer) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            address = request.remote or ""
            self._limit.allow(self._weight_per_minute())
            try:
                self._limit.spend(address, weight_of(request.path, request.query_string))
                body, status, retry = self._answer(answer, request), 200, None
            except ApiError as error:
                body, status, retry = msgspec.json.encode(error.body), error.status, error.retry_after_s
            return web.Response(body=body, status=status, headers=self._headers(address, retry))

        return handle

    def _answer(self, answer: Answer, request: web.Request) -> bytes:
        said = self._asked(answer, request.query)
        if request.headers.get("X-MBX-TIME-UNIT", "").upper() == "MICROSECOND":
            said = in_microseconds(said)
        return msgspec.json.encode(said)

    def _asked(self, answer: Answer, query: Query) -> object:
        if answer in FROM_DATABASE:
            return self._database.answer(answer, query)
        said = answer(self._market, query)
        if isinstance(said, dict) and "rateLimits" in said:
            return said | {"rateLimits": rate_limits(self._weight_per_minute())}
        return said

    def _weight_per_minute(self) -> int:
        return next((limit.weight for limit, _ in self._board.on(RestLimit)), WEIGHT_PER_MINUTE)

    def _headers(self, address: str, retry_after_s: int | None) -> dict[str, str]:
        used = str(self._limit.used(address))
        headers = {
            "Content-Type": JSON,
            "X-MBX-USED-WEIGHT": used,
            "X-MBX-USED-WEIGHT-1M": used,
        }
        return headers if retry_after_s is None else headers | {"Retry-After": str(retry_after_s)}
