"""The exchange's database, which may trail what is traded: historicalTrades, aggTrades and klines come from it."""

from collections.abc import Callable
from typing import Any

from wickstream.exchange.local.doors.market_data import MarketData, Query
from wickstream.exchange.local.faults.answer_faults import RestLag
from wickstream.exchange.local.faults.switchboard import Switchboard
from wickstream.exchange.local.played_clock import Readable

Ask = Callable[[MarketData, Query], Any]

FROM_DATABASE = (MarketData.historical_trades, MarketData.agg_trades, MarketData.klines)
_SCATTERED: dict[Ask, tuple[str, str]] = {
    MarketData.historical_trades: ("id", "time"),
    MarketData.agg_trades: ("a", "T"),
}


class _Behind:
    """A clock that is behind another."""

    def __init__(self, clock: Readable) -> None:
        self._clock = clock
        self.by_ms = 0

    def read_ms(self) -> int:
        return self._clock.read_ms() - self.by_ms


class Database:
    """Answers as the market does, or as it did a moment ago."""

    def __init__(self, market: MarketData, clock: Readable, board: Switchboard) -> None:
        self._market = market
        self._clock = clock
        self._board = board
        self._behind = _Behind(clock)
        self._trailing = market.read_by(self._behind)

    def answer(self, ask: Ask, query: Query) -> object:
        """The answer to one of `FROM_DATABASE`."""
        lags = (lag for lag, _ in self._board.on(RestLag) if lag.is_meant(query.get("symbol", "")))
        lag = next(lags, None)
        if lag is None:
            return ask(self._market, query)
        if lag.scattered and ask in _SCATTERED:
            return self._scattered(lag, ask, query)
        self._behind.by_ms = lag.by_ms
        return ask(self._trailing, query)

    def _scattered(self, lag: RestLag, ask: Ask, query: Query) -> list[Any]:
        now_ms, (number, time) = self._clock.read_ms(), _SCATTERED[ask]
        rows = ask(self._market, query)
        return [row for row in rows if lag.shows(row[number], row[time], now_ms=now_ms)]
