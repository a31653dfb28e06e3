"""What the exchange says of its symbols, as far as it was asked."""

from collections.abc import Collection, Iterable, Mapping

import structlog

from wickstream.binance.rest import ExchangeInfo, RestTicker, SymbolInfo
from wickstream.errors import Refused
from wickstream.exchange.rest.client import UNKNOWN_SYMBOL, ExchangeClient
from wickstream.exchange.symbols.ranking import pick
from wickstream.exchange.symbols.symbols import DELISTED, complaint
from wickstream.selection import Rule

log = structlog.get_logger()

RECENT_MS = 3_600_000


class Market:
    """Remembers the newest answer on each symbol. Every question may raise ExchangeError.

    Attributes:
        appeared: symbols that are listed and were not when we looked before, which is not long ago.
    """

    def __init__(self, client: ExchangeClient) -> None:
        self.appeared: set[str] = set()
        self._client = client
        self._infos: dict[str, SymbolInfo] = {}
        self._unlisted: set[str] = set()  # asked for, and not there
        self._seen: set[str] = set()  # listed at any time
        self._missed: set[str] = set()  # of those, what one answer lacked
        self._listed: frozenset[str] = frozenset()  # when last all were listed
        self._listed_at_ms = -RECENT_MS
        self._as_of_ms: int | None = None

    @property
    def statuses(self) -> dict[str, str]:
        """The exchange's words; `DELISTED` for what was asked for and is not there."""
        return {name: info.status for name, info in self._infos.items()} | dict.fromkeys(self._unlisted, DELISTED)

    @property
    def names(self) -> Collection[str]:
        """Everything that is known to be listed."""
        return self._infos.keys()

    @property
    def quote_assets(self) -> frozenset[str]:
        """What symbols are quoted in."""
        return frozenset(info.quote_asset for info in self._infos.values())

    @property
    def misses_any(self) -> bool:
        """Something that was asked for was not there; it may be by now."""
        return bool(self._unlisted)

    async def as_of_ms(self) -> int:
        """The exchange's clock at its newest answer."""
        if self._as_of_ms is None:
            self._as_of_ms = await self._client.time_ms()
        return self._as_of_ms

    async def look_at(self, symbols: Iterable[str], *, once_more: Collection[str] = ()) -> Mapping[str, str]:
        """Statuses of these as of `as_of_ms`; what is not listed is left out.

        One unknown symbol spoils the exchange's whole answer. So it is not asked for again, unless it is among
        `once_more`: `look_at_all` will find it when it is there.
        """
        asked = set(symbols) - (self._unlisted - set(once_more))
        if asked:
            try:
                self._take(await self._client.exchange_info(sorted(asked)), asked)
            except Refused as exc:
                if exc.code != UNKNOWN_SYMBOL:
                    raise
                await self.look_at_all(asked)
        return {symbol: self._infos[symbol].status for symbol in asked if symbol in self._infos}

    async def look_at_all(self, wanted: Iterable[str] = ()) -> None:
        """List the whole market; of `wanted`, what is not there is logged once, with the nearest names that are."""
        answer = await self._client.exchange_info()
        found = frozenset(info.symbol for info in answer.symbols)
        if answer.server_time - self._listed_at_ms < RECENT_MS:
            self.appeared |= found - self._listed
        self._infos, self._listed, self._listed_at_ms = {}, found, answer.server_time
        self._take(answer, wanted)

    def _take(self, answer: ExchangeInfo, wanted: Iterable[str]) -> None:
        found = {info.symbol: info for info in answer.symbols}
        self.appeared |= self._unlisted & found.keys()
        self._unlisted -= found.keys()
        self._infos |= found
        self._seen |= found.keys()
        self._missed -= found.keys()
        self._as_of_ms = answer.server_time
        missing = set(wanted) - found.keys() - self._unlisted
        once = (missing & self._seen) - self._missed  # one answer may be odd; a delisting is in the next one too
        self._missed |= once
        for symbol in sorted(missing - once):
            log.error("not listed, left out", symbol=symbol, reason=complaint(symbol, sorted(self._infos)))
            self._unlisted.add(symbol)
            self._infos.pop(symbol, None)

    async def apply(self, rules: Collection[Rule], *, followed: Collection[str]) -> dict[str, Collection[str]]:
        """What each rule chooses of the symbols last listed."""
        tickers: Mapping[str, RestTicker] = {}
        if any(rule.top for rule in rules):
            tickers = await self._client.tickers()
        return {str(rule): pick(rule, self._infos, tickers, followed=followed) for rule in rules}
