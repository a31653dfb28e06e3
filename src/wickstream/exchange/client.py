"""REST towards the exchange: one session, one weight budget, errors told apart by what to do about them."""

import asyncio
import time
from types import TracebackType
from typing import Self

import aiohttp
import msgspec

from wickstream.binance.rest import (
    PAGE,
    WEIGHTS,
    ExchangeInfo,
    RestTicker,
    parse,
    parse_klines,
    parse_trades,
)
from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.errors import FeedLost, MalformedFrame, RateLimited, Refused
from wickstream.events import Source
from wickstream.exchange.sequencer import Arrival
from wickstream.exchange.weight import WeightBudget

TIMEOUT_S = 12.0  # the exchange gives up after 10 s by itself
BODY_LIMIT = 32 * 1024 * 1024  # exchangeInfo of the whole market is about 15 MB

Params = dict[str, str | int]


class _ServerTime(msgspec.Struct):
    server_time: int = msgspec.field(name="serverTime")


class _ErrorBody(msgspec.Struct):
    code: int | None = None
    msg: str = ""


class ExchangeClient:
    """Questions to the exchange.

    Every method may raise:

    * FeedLost: no answer, or a server's fault; ask again later.
    * RateLimited: nothing may be asked for `retry_after_s`.
    * Refused: this host does not answer this question.
    * MalformedFrame: the answer is not what the protocol says.
    """

    def __init__(self, settings: Settings) -> None:
        self._rest_url = settings.exchange_rest_url
        self._trades_url = settings.exchange_trades_url
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S))
        self._silent_until_s = 0.0
        self.budget = WeightBudget()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def time_ms(self) -> int:
        """The exchange's clock."""
        answer: _ServerTime = parse(await self._get(self._rest_url, "/api/v3/time", {}), _ServerTime)
        return answer.server_time

    async def exchange_info(self) -> ExchangeInfo:
        """Every symbol with its status; also takes over the weight limit."""
        answer: ExchangeInfo = parse(await self._get(self._rest_url, "/api/v3/exchangeInfo", {}), ExchangeInfo)
        self.budget.limit = answer.weight_per_minute() or self.budget.limit
        return answer

    async def tickers(self) -> dict[str, RestTicker]:
        """The last trade id of every symbol that has one in its 24 hours."""
        answer: list[RestTicker] = parse(await self._get(self._rest_url, "/api/v3/ticker/24hr", {}), list[RestTicker])
        return {ticker.symbol: ticker for ticker in answer}

    async def historical_trades(self, symbol: str, from_id: int) -> list[Arrival]:
        """Up to `PAGE` trades from `from_id` on, ascending. A database that trails: holes in it prove nothing."""
        params: Params = {"symbol": symbol, "fromId": max(0, from_id), "limit": PAGE}
        return self._arrivals(await self._get(self._trades_url, "/api/v3/historicalTrades", params), symbol)

    async def recent_trades(self, symbol: str) -> list[Arrival]:
        """The newest `PAGE` trades, ascending: from memory, so fresher than `historical_trades`."""
        params: Params = {"symbol": symbol, "limit": PAGE}
        return self._arrivals(await self._get(self._rest_url, "/api/v3/trades", params), symbol)

    async def klines(self, symbol: str, start_ms: int, *, now_ms: int) -> list[Candle]:
        """Up to `PAGE` 1-minute klines from `start_ms` on, as candles of `origin=exchange`.

        `now_ms`: the exchange's clock; what ends later is not closed.
        """
        params: Params = {"symbol": symbol, "interval": "1m", "startTime": start_ms, "limit": PAGE}
        body = await self._get(self._rest_url, "/api/v3/klines", params)
        return parse_klines(body, symbol, published_at=now_ms, now_ms=now_ms)

    def _arrivals(self, body: bytes, symbol: str) -> list[Arrival]:
        received_us = time.time_ns() // 1_000
        return [Arrival(trade, data, Source.REST, received_us) for trade, data in parse_trades(body, symbol)]

    async def _get(self, base: str, path: str, params: Params) -> bytes:
        await self._wait_for_turn(WEIGHTS[path])
        try:
            async with self._session.get(base + path, params=params) as answer:
                self._observe(answer)
                body = await _body(answer)
        except (TimeoutError, aiohttp.ClientError, OSError) as exc:
            raise FeedLost(f"{base}{path}: {exc or type(exc).__name__}") from exc
        if answer.status != 200:
            raise self._failure(answer, body)
        return body

    async def _wait_for_turn(self, weight: int) -> None:
        silent_s = self._silent_until_s - time.monotonic()
        if silent_s > 0:
            raise RateLimited("the exchange asked us to be silent", retry_after_s=silent_s)
        while (wait_s := self.budget.reserve(weight, now_s=time.time())) > 0:  # noqa: ASYNC110 (the event is the minute's turn)
            await asyncio.sleep(wait_s)

    def _observe(self, answer: aiohttp.ClientResponse) -> None:
        used = answer.headers.get("X-MBX-USED-WEIGHT-1M", "")
        if used.isdigit():
            self.budget.observe(int(used), now_s=time.time())

    def _failure(self, answer: aiohttp.ClientResponse, body: bytes) -> FeedLost | RateLimited | Refused:
        where = f"{answer.url.origin()}{answer.url.path}: HTTP {answer.status}"
        if answer.status in {418, 429}:
            asked = answer.headers.get("Retry-After", "")
            retry_after_s = float(asked) if asked.isdigit() else 60.0
            self._silent_until_s = time.monotonic() + retry_after_s
            return RateLimited(where, retry_after_s=retry_after_s)
        if answer.status >= 500:
            return FeedLost(where)
        try:
            said = msgspec.json.decode(body, type=_ErrorBody)
        except (msgspec.DecodeError, UnicodeDecodeError):  # a proxy's page
            said = _ErrorBody()
        return Refused(f"{where} {said.msg}".strip(), status=answer.status, code=said.code)


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise MalformedFrame(f"an answer of more than {BODY_LIMIT} bytes")
    return bytes(body)
