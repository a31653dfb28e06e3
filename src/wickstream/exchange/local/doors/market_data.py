"""What the local exchange answers to REST, computed from the world at the exchange's now."""

from collections.abc import Callable, Mapping
from copy import copy
from typing import Any

from wickstream.binance import questions
from wickstream.binance.shapes import RATE_LIMITS, ApiError
from wickstream.exchange.local.doors import pages
from wickstream.exchange.local.doors.daily import day_ticker, never_traded
from wickstream.exchange.local.doors.klines import INTERVALS, Grid, klines
from wickstream.exchange.local.doors.listing import Listing
from wickstream.exchange.local.market.history import History
from wickstream.exchange.local.market.world import World
from wickstream.exchange.local.played_clock import Readable

Query = Mapping[str, str]


class MarketData:
    """Answers the questions; raises `ApiError` where the exchange would not answer."""

    def __init__(self, world: World, clock: Readable) -> None:
        self._world = world
        self._clock = clock
        self._listing = Listing(world)

    def read_by(self, clock: Readable) -> "MarketData":
        """The same market by another clock."""
        other = copy(self)
        other._clock = clock
        return other

    def ping(self, _: Query) -> object:
        """`{}`."""
        return {}

    def time(self, _: Query) -> object:
        """The exchange's clock."""
        return {"serverTime": self._clock.read_ms()}

    def info(self, query: Query) -> object:
        """Limits and symbols; one unknown symbol spoils the whole answer."""
        names = questions.symbol_list(query)
        status = questions.status(query)
        if status and names is not None:
            raise ApiError(-1128, "Combination of optional parameters invalid. Recommendation: 'symbolStatus'")
        with_sets = questions.flag(query, "showPermissionSets", default=True)
        blanks: dict[str, Any] = {} if with_sets else {"permissionSets": []}
        now_ms = self._clock.read_ms()
        rows = self._listing.rows(now_ms) if names is None else [self._entry(name, now_ms) for name in names]
        return {
            "timezone": "UTC",
            "serverTime": now_ms,
            "rateLimits": RATE_LIMITS,
            "exchangeFilters": [],
            "symbols": [row | blanks for row in rows if not status or row["status"] == status],
        }

    def trades(self, query: Query) -> object:
        """The newest trades."""
        history = self._played(questions.symbol(query))
        limit = questions.limit(query)
        return pages.newest_trades(history, limit=limit, now_ms=self._clock.read_ms()) if history else []

    def historical_trades(self, query: Query) -> object:
        """Trades from an id on, or the newest; ids that were never recorded are not there."""
        history, from_id = self._played(questions.symbol(query)), questions.number(query, "fromId")
        limit, now_ms = questions.limit(query), self._clock.read_ms()
        if not history:
            return []
        if from_id is None:
            return pages.newest_trades(history, limit=limit, now_ms=now_ms)
        return pages.trades_from(history, from_id, limit=limit, now_ms=now_ms)

    def agg_trades(self, query: Query) -> object:
        """Aggregate trades by id or by time."""
        history = self._played(questions.symbol(query))
        start, end = questions.moment(query, "startTime"), questions.moment(query, "endTime")
        from_id, limit = questions.number(query, "fromId"), questions.limit(query)
        if from_id is not None and (start is not None or end is not None):
            raise ApiError(-1128, "Combination of optional parameters invalid. Recommendation: 'fromId'")
        if not history:
            return []
        now_ms = self._clock.read_ms()
        return pages.agg_trades(history, from_id=from_id, start_ms=start, end_ms=end, limit=limit, now_ms=now_ms)

    def klines(self, query: Query) -> object:
        """Klines as arrays of 12, the forming one last."""
        return self.klines_of(query, self._played)

    def klines_of(self, query: Query, history_of: Callable[[str], History | None]) -> object:
        """The same, of whatever a symbol leads to."""
        name, grid = questions.symbol(query), Grid(questions.interval(query, INTERVALS), questions.zone_ms(query))
        start, end = questions.moment(query, "startTime"), questions.moment(query, "endTime")
        limit, history = questions.limit(query), history_of(name)
        if not history:
            return []
        now_ms = self._clock.read_ms()
        rows = klines(history, grid, start_ms=start, end_ms=end, limit=limit, now_ms=now_ms)
        return [row.rest() for row in rows]

    def day(self, query: Query) -> object:
        """24-hour figures: an object for one symbol, a list otherwise."""
        names, kind = questions.symbol_list(query), questions.kind(query)
        now_ms = self._clock.read_ms()
        listed = (name for name in self._world.histories if self._listing.status(name, now_ms))
        wanted = list(listed) if names is None else names
        histories = [history for name in wanted if (history := self._played(name))]
        rows = [day_ticker(history, as_of_ms=now_ms).rest(mini=kind == "MINI") for history in histories]
        if "symbol" in query:
            return rows[0] if rows else never_traded(query["symbol"], as_of_ms=now_ms).rest(mini=kind == "MINI")
        return rows

    def _entry(self, name: str, now_ms: int) -> dict[str, Any]:
        row = self._listing.row(name, now_ms)
        if row is None:
            raise ApiError(-1121, "Invalid symbol.")
        return row

    def _played(self, name: str) -> History | None:
        """The trades of a symbol; None if it is listed and has none."""
        if self._listing.status(name, self._clock.read_ms()) is None:
            raise ApiError(-1121, "Invalid symbol.")
        return self._world.histories.get(name)
