"""Questions to the exchange's REST side, and their answers as records."""

import time
from collections.abc import Collection, Iterator, Sequence
from types import TracebackType
from typing import Self
from urllib.parse import quote

import msgspec

from wickstream.binance.rest import (
    Aggregate,
    ExchangeInfo,
    RestTicker,
    parse,
    parse_aggregates,
    parse_klines,
    parse_trades,
)
from wickstream.binance.weights import OF_ALL, PAGE, WEIGHTS, day_weight
from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.errors import Refused
from wickstream.events import MINUTE_MS, Source
from wickstream.exchange.rest.rest_hosts import Params, RestHosts
from wickstream.exchange.rest.weight import SHARE, WeightBudget
from wickstream.exchange.sequencing.arrival import Arrival

NAMES_LIMIT = 7_000  # bytes of symbols in an address: past 8,000 it is refused
UNKNOWN_SYMBOL = -1121
DAY_SYMBOLS = 100  # with more, `ticker/24hr` of all symbols weighs the same


class _ServerTime(msgspec.Struct):
    server_time: int = msgspec.field(name="serverTime")


class ExchangeClient:
    """Questions to the exchange; what one host does not answer for where we are, the other is asked for.

    Every method may raise:

    * FeedLost: no answer, or a server's fault; ask again later.
    * RateLimited: nothing may be asked for `retry_after_s`, of any host.
    * Refused: no host answers this question.
    * MalformedFrame: the answer is not what the protocol says.
    """

    def __init__(self, settings: Settings, *, share: float = SHARE) -> None:
        """`share`: of the address's weight."""
        self._either = (settings.exchange_rest_url, settings.exchange_trades_url)
        self._with_database = (settings.exchange_trades_url,)
        self.budget = WeightBudget(share=share)
        self._hosts = RestHosts(self.budget)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._hosts.close()

    async def time_ms(self) -> int:
        """The exchange's clock."""
        answer: _ServerTime = parse(await self._get("/api/v3/time", {}), _ServerTime)
        return answer.server_time

    async def exchange_info(self, symbols: Collection[str] | None = None) -> ExchangeInfo:
        """These symbols (at least one), or every one, with its status; also takes over the weight limit.

        All of it is true within the minute of its `server_time`. One unknown symbol refuses the whole (code -1121).
        """
        answers = [await self._info(chunk) for chunk in _chunks(symbols)]
        while len({answer.server_time // MINUTE_MS for answer in answers}) > 1:
            answers = [await self._info(chunk) for chunk in _chunks(symbols)]
        self.budget.limit = answers[-1].weight_per_minute() or self.budget.limit
        answers[-1].symbols = [info for answer in answers for info in answer.symbols]
        return answers[-1]

    async def _info(self, named: Params) -> ExchangeInfo:
        # Who may trade what is most of the answer, and nothing to us.
        body = await self._get("/api/v3/exchangeInfo", {**named, "showPermissionSets": "false"})
        answer: ExchangeInfo = parse(body, ExchangeInfo)
        return answer

    async def tickers(self, symbols: Collection[str] | None = None) -> dict[str, RestTicker]:
        """The last trade id of these symbols, as far as they are listed, or of every one that is."""
        if symbols is None:
            return await self._all_tickers()
        if len(symbols) <= DAY_SYMBOLS:
            try:
                return await self._named_tickers(symbols)
            except Refused as exc:  # one that is not listed any more spoils the whole answer
                if exc.code != UNKNOWN_SYMBOL:
                    raise
        found = await self._all_tickers()
        return {name: found[name] for name in symbols if name in found}

    async def _all_tickers(self) -> dict[str, RestTicker]:
        return await self._tickers({}, OF_ALL)

    async def _named_tickers(self, symbols: Collection[str]) -> dict[str, RestTicker]:
        weight = day_weight(len(symbols))
        parts = [await self._tickers(chunk, weight) for chunk in _chunks(symbols)]
        return {name: ticker for part in parts for name, ticker in part.items()}

    async def _tickers(self, named: Params, weight: int) -> dict[str, RestTicker]:
        body = await self._get("/api/v3/ticker/24hr", named, weight=weight)
        answer: list[RestTicker] = parse(body, list[RestTicker])
        return {ticker.symbol: ticker for ticker in answer}

    async def historical_trades(self, symbol: str, from_id: int) -> list[Arrival]:
        """Up to `PAGE` trades from `from_id` on, ascending. A database that trails: holes in it prove nothing."""
        params: Params = {"symbol": symbol, "fromId": max(0, from_id), "limit": PAGE}
        path = "/api/v3/historicalTrades"
        body = await self._hosts.get(self._with_database, path, params, weight=WEIGHTS[path])
        return self._arrivals(body, symbol)

    async def recent_trades(self, symbol: str) -> list[Arrival]:
        """The newest `PAGE` trades, ascending: from memory, so fresher than `historical_trades`."""
        return self._arrivals(await self._get("/api/v3/trades", {"symbol": symbol, "limit": PAGE}), symbol)

    async def agg_trades(
        self,
        symbol: str,
        *,
        from_id: int | None = None,
        start_ms: int | None = None,
        end_ms: int | None = None,
        limit: int = PAGE,
    ) -> list[Aggregate]:
        """Up to `limit` aggregates, ascending: from one's own id on, or by time, both ends inclusive.

        A database that trails, as `historical_trades`.
        """
        asked = {"symbol": symbol, "fromId": from_id, "startTime": start_ms, "endTime": end_ms, "limit": limit}
        params = {name: value for name, value in asked.items() if value is not None}
        return parse_aggregates(await self._get("/api/v3/aggTrades", params), symbol)

    async def klines(self, symbol: str, start_ms: int, *, now_ms: int) -> list[Candle]:
        """Up to `PAGE` 1-minute klines from `start_ms` on, as candles of `origin=exchange`.

        `now_ms`: the exchange's clock; what ends later is not closed.
        """
        params: Params = {"symbol": symbol, "interval": "1m", "startTime": start_ms, "limit": PAGE}
        body = await self._get("/api/v3/klines", params)
        return parse_klines(body, symbol, published_at=now_ms, now_ms=now_ms)

    def _arrivals(self, body: bytes, symbol: str) -> list[Arrival]:
        received_us = time.time_ns() // 1_000
        return [Arrival.of(trade, data, Source.REST, received_us) for trade, data in parse_trades(body, symbol)]

    async def _get(self, path: str, params: Params, *, weight: int | None = None) -> bytes:
        return await self._hosts.get(self._either, path, params, weight=weight or WEIGHTS[path])


def _chunks(symbols: Collection[str] | None) -> Iterator[Params]:
    """The parameter `symbols`, in as many parts as addresses are long enough for; nothing for all symbols."""
    if symbols is None:
        yield {}
        return
    chunk: list[str] = []
    room = NAMES_LIMIT
    for name in symbols:
        length = len(quote(f'"{name}",'))
        if chunk and length > room:
            yield _named(chunk)
            chunk, room = [], NAMES_LIMIT
        chunk.append(name)
        room -= length
    if chunk:
        yield _named(chunk)


def _named(symbols: Sequence[str]) -> Params:
    return {"symbols": msgspec.json.encode(symbols).decode()}
