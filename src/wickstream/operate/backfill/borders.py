"""The first trade id of each day, as the exchange tells it: what shows whether a day's file is whole."""

from functools import partial
from typing import NamedTuple

from wickstream.errors import Refused
from wickstream.exchange.rest.client import UNKNOWN_SYMBOL, ExchangeClient
from wickstream.operate.backfill.asking import patiently
from wickstream.operate.backfill.wanted import Day


class Border(NamedTuple):
    """A day's ids lie from `first` to before `after`; None: not known."""

    first: int | None
    after: int | None

    @property
    def is_empty(self) -> bool:
        """Whether it is known that nothing was traded."""
        return self.first is not None and self.first == self.after


class Borders:
    """Asked for once a midnight, for a weight of 4."""

    def __init__(self, client: ExchangeClient) -> None:
        self._client = client
        self._known: dict[Day, int | None] = {}
        self._unlisted: dict[str, Refused] = {}

    async def of(self, day: Day) -> Border:
        """May raise FeedLost and MalformedFrame; what the exchange refuses to tell is not known."""
        return Border(await self._first_id(day), await self._first_id(Day(day.symbol, day.ends_at)))

    def require_listed(self, symbol: str) -> None:
        """Raise what the exchange said of a symbol that it does not know, or not any more."""
        if symbol in self._unlisted:
            raise self._unlisted[symbol]

    async def _first_id(self, day: Day) -> int | None:
        if day not in self._known:
            self._known[day] = await self._ask(day)
        return self._known[day]

    async def _ask(self, day: Day) -> int | None:
        ask = partial(self._client.agg_trades, day.symbol, start_ms=day.starts_at, limit=1)
        try:
            found = await patiently(ask)
        except Refused as exc:
            if exc.code == UNKNOWN_SYMBOL:
                self._unlisted[day.symbol] = exc
            return None
        return found[0].first_trade_id if found else None
