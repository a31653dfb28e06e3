"""What shard 0 does for all: decides which symbols are followed, and writes that and their statuses down."""

import asyncio
import time
from collections.abc import Collection, Mapping
from difflib import get_close_matches

import structlog

from wickstream.bus import topics
from wickstream.bus.codec import HEADERS, encode
from wickstream.bus.producer import IdempotentProducer, Record
from wickstream.config import Settings
from wickstream.errors import Mistake
from wickstream.events import Author, SymbolEvent
from wickstream.exchange.symbols.market import Market
from wickstream.exchange.symbols.symbols import Table, news, reasons, require_listed
from wickstream.selection import Rule

log = structlog.get_logger()


class Chooser:
    """The one author of what the exchange lists.

    Every question may raise ExchangeError or StoreBusy, and leaves things so that it can be asked again.
    """

    def __init__(self, settings: Settings, market: Market, table: Table) -> None:
        self.is_asked = asyncio.Event()  # the operator waits for a word
        self._settings = settings
        self._market = market
        self._table = table
        self._picked: dict[str, Collection[str]] = {}
        self._listed_at_s = self._ranked_at_s = float("-inf")
        self._unanswered: dict[str, SymbolEvent] = {}
        self._turn = asyncio.Lock()
        self._producer: IdempotentProducer | None = None

    @property
    def concerned(self) -> frozenset[str]:
        """Symbols whose status matters: those followed, and those wished for."""
        return self._table.followed() | self._wishes().keys()

    def hear(self, event: SymbolEvent) -> None:
        """Something new in the topic. Of what we write ourselves the table knows already, and perhaps more."""
        if event.author is Author.OPERATOR:
            self._table.take(event)
            self._unanswered[event.symbol] = event
            self.is_asked.set()

    async def begin(self) -> None:
        """Go on from what was chosen; look at the exchange only if words are new, or a rule may want what a list had.

        Raises:
            Mistake: If this is the very first start and a symbol is not listed, or a rule chooses nothing.
        """
        rules = self._settings.symbol_rules
        self._picked = {str(rule): self._table.picked_by(str(rule)) for rule in rules}
        if not self._table.exchange:
            await self._market.look_at_all()
            self._require_listed()
            await self._pick(rules)
            self._require_choice()
        elif rules and not (all(self._picked.values()) and self._table.followed() <= self._wishes().keys()):
            await self._market.look_at_all(self.concerned)
            await self._pick(rules)
        await self.settle()

    async def look_around(self, *, market_s: float, volumes_s: float) -> None:
        """Look at the whole market, and at its volumes, if that is so long ago and there is something to look for."""
        rules, now_s = self._settings.symbol_rules, time.monotonic()
        if now_s - self._listed_at_s < market_s or not (rules or self._market.misses_any):
            return
        if now_s - self._ranked_at_s < volumes_s:
            rules = tuple(rule for rule in rules if rule.top is None)
        await self._market.look_at_all(self.concerned)
        await self._pick(rules)
        await self.settle()

    async def _pick(self, rules: Collection[Rule]) -> None:
        self._picked |= await self._market.apply(rules, followed=self._table.followed())
        self._listed_at_s = time.monotonic()
        if any(rule.top for rule in rules):
            self._ranked_at_s = time.monotonic()

    def _require_listed(self) -> None:
        try:
            require_listed(self._settings.named_symbols, self._market.names)
        except Mistake as exc:
            raise Mistake(f"{exc} (TICKER_SYMBOLS, --symbols)") from exc

    def _require_choice(self) -> None:
        for rule in self._settings.symbol_rules:
            if not self._picked[str(rule)]:
                near = get_close_matches(rule.quote or "", self._market.quote_assets, n=3)
                hint = f"did you mean {', '.join(near)}?" if near else "nothing is in spot trading"
                raise Mistake(f"{rule} chooses no symbol: {hint} (TICKER_SYMBOLS, --symbols)")

    async def settle(self) -> None:
        """Write down what the table lacks, and answer the operator."""
        async with self._turn:
            answered = dict(self._unanswered)
            events = await self._news(answered)
            if events:
                await asyncio.to_thread(self._publish, events)
            for event in events:
                self._table.take(event)
            self._unanswered = {s: e for s, e in self._unanswered.items() if e is not answered.get(s)}
            if not self._unanswered:
                self.is_asked.clear()

    async def _news(self, unanswered: Collection[str]) -> list[SymbolEvent]:
        wishes = self._wishes()
        return news(
            self._table,
            wishes,
            await self._statuses_of(wishes.keys() | set(unanswered), once_more=unanswered),
            appeared=self._market.appeared,
            unanswered=unanswered,
            shards=self._settings.shard[1],
            now_ms=await self._market.as_of_ms(),
        )

    def _wishes(self) -> dict[str, str]:
        return reasons(self._settings.named_symbols, self._picked, self._table)

    async def _statuses_of(self, wanted: Collection[str], *, once_more: Collection[str]) -> Mapping[str, str]:
        """As known; asked for where nothing is known yet, or the operator should not be told old news."""
        known = self._table.statuses() | self._market.statuses
        unknown = (set(wanted) - known.keys()) | set(once_more)
        if unknown:
            await self._market.look_at(unknown, once_more=once_more)
        return known | self._market.statuses

    def _publish(self, events: Collection[SymbolEvent]) -> None:
        if self._producer is None:
            self._producer = IdempotentProducer(self._settings.kafka)
        for event in events:
            log.info("symbol", symbol=event.symbol, status=event.status, chosen_by=event.chosen_by)
            self._producer.publish(Record(topics.SYMBOL_EVENTS, event.key, encode(event), HEADERS))
        self._producer.flush()
