"""Where each symbol begins: where a predecessor stopped, or, where none did, a little before now. Rule 2."""

import asyncio
from collections.abc import Mapping
from functools import partial

import structlog

from wickstream.binance.weights import PAGE
from wickstream.errors import ExchangeError
from wickstream.events import MINUTE_MS, Author, SymbolEvent
from wickstream.exchange.rest.client import ExchangeClient
from wickstream.exchange.rest.insist import until_answered
from wickstream.exchange.sequencing.arrival import Arrival
from wickstream.exchange.sequencing.minutes import START_MARGIN_MS
from wickstream.exchange.sequencing.sequencer import Sequencer
from wickstream.exchange.sequencing.shard import Shard
from wickstream.exchange.sessions.refill import UNSEEN_HOLE_S
from wickstream.exchange.sessions.tail import STARTED, Tail

log = structlog.get_logger()

RETRY_S = 10.0
LOOK_S = 0.5
AT_ONCE = 4  # questions on their way
WITH_HISTORY = 40  # symbols started together: of more, the weight would not pay for the running minute's proof
FARTHEST_START_MS = 3_600_000  # a cold start goes back no farther: it would have to prove every minute since
COLD_START_PAGES = 20  # a market that trades more in a minute starts unproven in its running minute


class Start:
    """Tells sequencers where to begin."""

    def __init__(self, shard: Shard, client: ExchangeClient, *, listings: Mapping[str, int]) -> None:
        """`listings`: symbols that we saw appear: what is their first trade then is the first there ever was."""
        self._shard = shard
        self._listings = listings
        self._client = client

    def resume(self, tails: Mapping[str, Tail]) -> None:
        """Those that a predecessor followed; they flow from here on."""
        now_s = asyncio.get_running_loop().time()
        now_ms = self._shard.clock.now_ms(now_s=now_s)
        for symbol, tail in tails.items():
            if not tail.is_cold:
                self._shard.sequencers[symbol].resume(
                    tail.mark,
                    tail.trades,
                    now_s=now_s,
                    next_id=tail.next_id,
                    since_ms=tail.written_ms,
                    known_at_ms=tail.known_at_ms,
                    is_silent=tail.is_silent,
                    listed=tail.listed,
                    detected_at_ms=now_ms,
                )

    async def begin(self, tails: Mapping[str, Tail], first_ids: Mapping[str, int]) -> None:
        """Begin the cold ones, with what was newest before any frame came; learn what the others missed."""
        cold = [symbol for symbol, tail in tails.items() if tail.is_cold]
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(
                self._begin_cold(cold, first_ids, {symbol: tails[symbol].next_id or 0 for symbol in cold})
            )
            tasks.create_task(self._learn_of_holes([symbol for symbol in tails if symbol not in set(cold)]))
        log.info("begun", resumed=len(tails) - len(cold), cold=len(cold))

    async def _learn_of_holes(self, symbols: list[str]) -> None:
        tickers = await until_answered(partial(self._client.tickers, symbols)) if symbols else {}
        now_s = asyncio.get_running_loop().time()
        for symbol, ticker in tickers.items():
            sequencer = self._shard.sequencers.get(symbol)
            if sequencer is not None and sequencer.is_plausible(ticker.last_id):  # else the next ticker tells
                sequencer.knows_of(ticker.last_id, now_s=now_s, age_s=UNSEEN_HOLE_S)  # not on its way to a socket

    async def _begin_cold(self, symbols: list[str], newest: Mapping[str, int], floors: Mapping[str, int]) -> None:
        turns = asyncio.Semaphore(AT_ONCE)

        async def begin(symbol: str, sequencer: Sequencer) -> None:
            async with turns:
                newest_id = newest.get(symbol, -1)
                if newest_id < 0:
                    newest_id = await self._last_traded(symbol)
                history = await self._history(symbol, newest_id) if len(symbols) <= WITH_HISTORY else []
            next_id = newest_id + 1
            if newest_id < 0 and symbol not in self._listings:  # traded long ago, or never: what comes will show
                next_id = await self._first_seen(symbol)
            if self._shard.sequencers.get(symbol) is sequencer:  # else dropped meanwhile, perhaps followed again
                self._begin_at(sequencer, history, max(next_id, floors[symbol]), floors[symbol])

        sequencers = {symbol: self._shard.sequencers[symbol] for symbol in symbols if symbol in self._shard.sequencers}
        await asyncio.gather(*(begin(symbol, sequencer) for symbol, sequencer in sequencers.items()))

    def _begin_at(self, sequencer: Sequencer, history: list[Arrival], next_id: int, floor: int) -> None:
        """`floor`: ids below it were published when the symbol was followed before."""
        symbol = sequencer.symbol
        history = [arrival for arrival in history if arrival.trade_id >= floor]
        first_id = history[0].trade_id if history else next_id
        now_s = asyncio.get_running_loop().time()
        since_ms = history[0].traded_at_ms if history else self._shard.clock.now_ms(now_s=now_s)
        self._announce(symbol, first_id, since_ms)
        is_first_ever = first_id == 0 and symbol in self._listings
        sequencer.start_at(first_id, now_s=now_s, since_ms=since_ms, is_first_ever=is_first_ever)
        for arrival in history:
            sequencer.accept(arrival, now_s=now_s)

    def _announce(self, symbol: str, first_id: int, since_ms: int) -> None:
        """So that a restart tells a symbol killed before its first mark from one that nobody followed."""
        event = SymbolEvent(symbol, Author.CONNECTOR, STARTED, since_ms, chosen=True, next_trade_id=first_id)
        self._shard.announce(event)

    async def _first_seen(self, symbol: str) -> int:
        """The first id that a socket or ticker brings."""
        while True:
            sequencer = self._shard.sequencers.get(symbol)
            first = sequencer.first_known_id if sequencer is not None else 0
            if first is not None:
                return first
            await asyncio.sleep(LOOK_S)

    async def _last_traded(self, symbol: str) -> int:
        """The newest id of a symbol without a trade in the 24 hours the tickers tell of; -1: it never traded."""
        while True:
            try:
                newest = await self._client.recent_trades(symbol)
            except ExchangeError as exc:
                log.warning("waiting for the newest id", symbol=symbol, reason=str(exc), retry_in_s=RETRY_S)
                await asyncio.sleep(RETRY_S)
            else:
                return newest[-1].trade_id if newest else -1

    async def _history(self, symbol: str, newest_id: int) -> list[Arrival]:
        """Trades from one before the running minute on, so that this minute can be proven by the ordinary rule."""
        now_ms = self._shard.clock.now_ms(now_s=asyncio.get_running_loop().time())
        try:
            return await self._back_to(symbol, newest_id, now_ms // MINUTE_MS * MINUTE_MS - START_MARGIN_MS)
        except ExchangeError as exc:
            log.warning("cold start without history", symbol=symbol, reason=str(exc))
            return []

    async def _back_to(self, symbol: str, newest_id: int, before_ms: int) -> list[Arrival]:
        """Trades up to `newest_id`, from the last one before `before_ms` on; nothing if that is too far back."""
        found: list[Arrival] = []
        first_id = newest_id + 1
        for _ in range(COLD_START_PAGES):
            page = await self._client.historical_trades(symbol, first_id - PAGE)
            found = [arrival for arrival in page if arrival.trade_id < first_id] + found
            earlier = [i for i, arrival in enumerate(found) if arrival.traded_at_ms <= before_ms]
            if earlier:
                start = found[earlier[-1] :]
                return start if start[0].traded_at_ms >= before_ms - FARTHEST_START_MS else []
            first_id -= PAGE
            if not page or first_id <= 0:
                break
        return []
