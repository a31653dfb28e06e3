"""What REST is asked beside holes: whether a silent minute was a halt, what silent tickers know, what time it is."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from wickstream.events import MINUTE_MS, Author, SymbolEvent
from wickstream.exchange.recovery.kline_book import GRACE_MS
from wickstream.exchange.rest.client import ExchangeClient
from wickstream.exchange.rest.insist import every, insist
from wickstream.exchange.sequencing.clock import ExchangeClock
from wickstream.exchange.sequencing.sequencer import Sequencer
from wickstream.exchange.sequencing.shard import Shard
from wickstream.exchange.sessions.tail import SILENT

CLOCK_POLL_S = 10.0
LONGEST_QUESTION_S = 1.0
KLINE_LOOK_S = 1.0
# Between two answers that count for a halt; doubled each time, 2 weight a symbol: a halt of the whole market must not
# eat the budget.
KLINE_PAUSE_S = 8.0
KLINE_PAUSE_CAP_S = 60.0
KLINES_AT_ONCE = 20
TICKER_SILENCE_S = 65.0  # a symbol in a break has none
UNMARKED_MS = 180_000
SILENT_S = 60.0  # how often a symbol that says nothing is told of, for a restart


@dataclass
class _Question:
    """Whether the exchange has a kline of a minute: ever less often, but when a trade shows that a later one is due."""

    again_s: float = 0.0
    pause_s: float = KLINE_PAUSE_S
    asked_ms: int = 0

    def is_due(self, now_s: float, now_ms: int, *, traded_until_ms: int) -> bool:
        """Tell whether to ask now; it counts as asked then."""
        if now_s < self.again_s and not self.asked_ms < traded_until_ms <= now_ms:
            return False
        self.again_s, self.pause_s = now_s + self.pause_s, min(KLINE_PAUSE_CAP_S, 2 * self.pause_s)
        self.asked_ms = now_ms
        return True


async def ask_time(clock: ExchangeClock, client: ExchangeClient) -> None:
    """Set the clock by the exchange's; an answer that took long says too little about now."""
    loop = asyncio.get_running_loop()
    asked_s = loop.time()
    exchange_ms = await client.time_ms()
    took_s = loop.time() - asked_s
    if took_s <= LONGEST_QUESTION_S or not clock.is_synced:
        clock.sync(exchange_ms + int(took_s * 500), now_s=loop.time())


class Audit:
    """Asks on behalf of a shard, until cancelled; everything it learns goes into the sequencers."""

    def __init__(self, shard: Shard, client: ExchangeClient, *, on_news: Callable[[], None] = lambda: None) -> None:
        """`on_news`: there may be something to publish."""
        self._shard = shard
        self._on_news = on_news
        self._client = client
        self._questions: dict[tuple[str, int], _Question] = {}

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(every(KLINE_LOOK_S, self._decide_minutes))
            tasks.create_task(every(KLINE_LOOK_S, self._watch_clock))
            tasks.create_task(every(SILENT_S, self._hear_the_silent))

    def on_poll(self, statuses: Mapping[str, str], server_ms: int) -> None:
        """Which symbols were trading at a moment: their quiet minutes are no halts."""
        for symbol, status in statuses.items():
            sequencer = self._shard.sequencers.get(symbol)
            if sequencer is not None and status == "TRADING":
                sequencer.minutes.trading_at(server_ms)

    async def _decide_minutes(self) -> None:
        now_s = asyncio.get_running_loop().time()
        now_ms = self._shard.clock.now_ms(now_s=now_s)
        questions: dict[tuple[str, int], _Question] = {}
        due: list[tuple[Sequencer, int]] = []
        for symbol, sequencer in self._shard.sequencers.items():
            minute = sequencer.minutes.undecided_since()
            if minute is None or now_ms < minute + MINUTE_MS + GRACE_MS:
                continue
            question = questions[symbol, minute] = self._questions.get((symbol, minute)) or _Question()
            whole_ms = (sequencer.newest_ms // MINUTE_MS + 1) * MINUTE_MS + GRACE_MS
            if len(due) < KLINES_AT_ONCE and question.is_due(now_s, now_ms, traded_until_ms=whole_ms):
                due.append((sequencer, minute))
        self._questions = questions
        for sequencer, minute in due:
            await insist(partial(self._decide, sequencer, minute))

    async def _decide(self, sequencer: Sequencer, minute: int) -> None:
        now_ms = self._shard.clock.now_ms(now_s=asyncio.get_running_loop().time())
        klines = await self._client.klines(sequencer.symbol, minute, now_ms=now_ms - GRACE_MS)
        counts = {kline.open_time: kline.trade_count for kline in klines if kline.closed}
        sequencer.minutes.decide(counts, {kline.open_time: kline.close for kline in klines if kline.closed})
        self._on_news()

    async def _hear_the_silent(self) -> None:
        """Tickers stop in a break: ask REST for what they would say; and note where a restart goes on."""
        now_s = asyncio.get_running_loop().time()
        sequencers = self._shard.sequencers
        unheard = [name for name in sequencers if self._shard.ticker_age_s(name, now_s=now_s) > TICKER_SILENCE_S]
        tickers = await self._client.tickers(unheard) if unheard else {}
        for symbol in unheard:
            found = tickers.get(symbol)
            if found is not None and symbol in sequencers and self._shard.clock.is_sane(found.close_time, now_s=now_s):
                sequencers[symbol].audit(found.last_id, closed_at_ms=found.close_time, now_s=now_s)
        for sequencer in sequencers.values():
            if sequencer.symbol in unheard or self._has_long_no_mark(sequencer, now_s):
                self._say_silent(sequencer)
        self._on_news()

    def _has_long_no_mark(self, sequencer: Sequencer, now_s: float) -> bool:
        minutes = sequencer.minutes
        oldest = min((at for at in (minutes.undecided_since(), minutes.running_since()) if at is not None), default=0)
        return self._shard.clock.now_ms(now_s=now_s) - oldest > UNMARKED_MS

    def _say_silent(self, sequencer: Sequencer) -> None:
        """Else a restart reads all trades since its newest mark, which may be days old."""
        since_ms = sequencer.minutes.restarts_after()
        if sequencer.next_id is None or since_ms is None:
            return
        event = SymbolEvent(
            sequencer.symbol, Author.CONNECTOR, SILENT, since_ms, chosen=True, next_trade_id=sequencer.next_id
        )
        self._shard.announce(event)

    async def _watch_clock(self) -> None:
        shard, loop = self._shard, asyncio.get_running_loop()
        if shard.is_clock_suspect or shard.clock.age_s(now_s=loop.time()) > CLOCK_POLL_S:
            shard.is_clock_suspect = False
            await ask_time(shard.clock, self._client)
