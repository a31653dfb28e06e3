"""What really happened, for a judge: `/oracle/symbols`, `…/trades` and `…/klines`, without weight, fault or lag."""

from collections.abc import Callable
from itertools import chain, islice
from typing import Any

import msgspec
from aiohttp import web

from wickstream.binance import questions
from wickstream.binance.shapes import ApiError, fixed
from wickstream.exchange.local.doors.market_data import MarketData, Query
from wickstream.exchange.local.faults.loopback import Handler, loopback_only
from wickstream.exchange.local.market.history import History
from wickstream.exchange.local.market.world import World
from wickstream.exchange.local.played_clock import PlayedClock

_PAGE = 100_000


class Oracle:
    """Answers from the world itself."""

    def __init__(self, world: World, clock: PlayedClock, market: MarketData) -> None:
        self._world = world
        self._clock = clock
        self._market = market

    def add_routes(self, app: web.Application) -> None:
        """Serve `/oracle`."""
        for name, answer in (("symbols", self.symbols), ("trades", self.trades), ("klines", self.klines)):
            app.router.add_get(f"/oracle/{name}", loopback_only(_handler(answer)))

    def symbols(self, _: Query) -> object:
        """All played symbols: status, and first and last id so far (null: none)."""
        now_ms = self._clock.read_ms()
        return {"as_of": now_ms, "data": [_extent(history, now_ms) for history in self._world.histories.values()]}

    def trades(self, query: Query) -> object:
        """Trades so far as `[id, time in ms, price, quantity, buyer is maker]`, from `from_id` on; `limit` 100,000.

        `next_from_id` asks for the rest; null: these were all.
        """
        name, now_ms = questions.symbol(query), self._clock.read_ms()
        history = self._history(name)
        from_id, limit = questions.number(query, "from_id"), questions.number(query, "limit") or _PAGE
        start = history.first if from_id is None else history.from_id(from_id)
        numbers = chain.from_iterable(history.happening(start, history.until(now_ms)))
        rows = [_row(history, number) for number in islice(numbers, min(limit, _PAGE))]
        following = next(numbers, None)
        return {
            "symbol": name,
            "as_of": now_ms,
            "data": rows,
            "next_from_id": None if following is None else history.trade(following).trade_id,
        }

    def klines(self, query: Query) -> object:
        """As `/api/v3/klines`, of symbols too that are delisted by now."""
        return self._market.klines_of(query, self._history)

    def _history(self, name: str) -> History:
        history = self._world.histories.get(name)
        if history is None:
            raise ApiError(-1121, "Invalid symbol.")
        return history


def _row(history: History, number: int) -> list[Any]:
    trade = history.trade(number)
    price, quantity = history.tape.price_places, history.tape.quantity_places
    return [
        trade.trade_id,
        trade.traded_at_ms,
        fixed(trade.price, price),
        fixed(trade.quantity, quantity),
        trade.buyer_is_maker,
    ]


def _extent(history: History, now_ms: int) -> dict[str, Any]:
    parts = [part for part in history.happening(history.first, history.until(now_ms)) if part]
    return {
        "symbol": history.symbol,
        "status": history.status(now_ms),
        "first_trade_id": history.trade(parts[0][0]).trade_id if parts else None,
        "last_trade_id": history.trade(parts[-1][-1]).trade_id if parts else None,
    }


def _handler(answer: Callable[[Query], object]) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        try:
            body, status = msgspec.json.encode(answer(request.query)), 200
        except ApiError as error:
            body, status = msgspec.json.encode(error.body), error.status
        return web.Response(body=body, status=status, content_type="application/json")

    return handle
