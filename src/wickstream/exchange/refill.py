"""What the connector asks REST for: where to start, what a hole missed, whether a silent minute was a halt."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable

import structlog

from wickstream.binance.rest import PAGE, WEIGHTS
from wickstream.errors import ExchangeError, RateLimited, Refused
from wickstream.events import MINUTE_MS, SymbolEvent
from wickstream.exchange.client import ExchangeClient
from wickstream.exchange.minutes import START_MARGIN_MS
from wickstream.exchange.patience import Patience
from wickstream.exchange.sequencer import Arrival, Hole, Sequencer
from wickstream.exchange.shard import Shard

log = structlog.get_logger()

ROUND_S = 0.1
HELD_HOLE_S = 0.3  # frames behind it are here, so it is no mere delay of a few ms
UNSEEN_HOLE_S = 1.5  # only the ticker knows: the frames may be on their way
LONGEST_HOLD_S = 60.0
STATUS_POLL_S = 20.0
CLOCK_POLL_S = 10.0
KLINE_POLL_S = 5.0  # 2 weight a symbol: a halt of the whole market must not eat the budget
KLINE_GRACE_MS = 3_000  # klines trail the stream
RETRY_S = 10.0
FARTHEST_START_MS = 3_600_000  # a cold start goes back no farther: it would have to prove every minute since
COLD_START_PAGES = 20  # a market that trades more in a minute starts unproven in its running minute

_PAGE_WEIGHT = WEIGHTS["/api/v3/historicalTrades"]


def asks_now(hole: Hole, now_s: float) -> bool:
    """Whether a hole is old enough to be more than frames on their way."""
    return now_s - hole.known_at_s >= (HELD_HOLE_S if hole.is_between_frames else UNSEEN_HOLE_S)


def unaffordable(holes: Iterable[Hole], budget_per_minute: int, now_s: float) -> list[Hole]:
    """Holes to give up for now: too old, or behind the smaller ones beyond a minute's weight. Rule 3."""
    given_up = []
    weight = 0
    for hole in sorted(holes, key=lambda hole: hole.size):
        weight += -(-hole.size // PAGE) * _PAGE_WEIGHT
        if weight > budget_per_minute or now_s - hole.known_at_s > LONGEST_HOLD_S:
            given_up.append(hole)
    return given_up


class Refill:
    """Asks on behalf of a shard, until cancelled; everything it learns goes into the sequencers."""

    def __init__(self, shard: Shard, client: ExchangeClient) -> None:
        self._shard = shard
        self._client = client
        self._patience = Patience()

    async def run(self) -> None:
        """Watch holes, quiet minutes, statuses and the clock."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_every(ROUND_S, self._give_up_holes))
            tasks.create_task(_every(ROUND_S, self._fill_holes))
            tasks.create_task(_every(KLINE_POLL_S, self._decide_quiet_minutes))
            tasks.create_task(_every(STATUS_POLL_S, self._poll_statuses))
            tasks.create_task(_every(1.0, self._watch_clock))

    async def find_first_ids(self) -> dict[str, int]:
        """The newest trade id of each symbol, as of now; sequencers that resumed learn of what they missed."""
        tickers = await self._client.tickers()
        now_s = time.monotonic()
        newest = {symbol: tickers[symbol].last_id for symbol in self._shard.sequencers if symbol in tickers}
        for symbol, last_id in newest.items():
            self._shard.sequencers[symbol].knows_of(last_id, now_s=now_s)
        return newest

    async def start_cold(self, sequencer: Sequencer, newest_id: int) -> None:
        """Begin one trade before the running minute, so that this minute can be proven by the ordinary rule."""
        if newest_id < 0:
            newest_id = await self._last_traded(sequencer.symbol)
        now_ms = self._shard.clock.now_ms(now_s=time.monotonic())
        before_ms = now_ms // MINUTE_MS * MINUTE_MS - START_MARGIN_MS
        arrivals: list[Arrival] = []
        try:
            arrivals = await self._back_to(sequencer.symbol, newest_id, before_ms)
        except ExchangeError as exc:
            log.warning("cold start without history", symbol=sequencer.symbol, reason=str(exc))
        now_s = time.monotonic()
        sequencer.start_at(arrivals[0].trade.trade_id if arrivals else newest_id + 1, now_s=now_s)
        for arrival in arrivals:
            sequencer.accept(arrival, now_s=now_s)
        self._shard.announce(SymbolEvent(sequencer.symbol, "TRADING", now_ms, chosen=True))

    async def _last_traded(self, symbol: str) -> int:
        """The newest id of a symbol without a trade in the 24 hours the tickers tell of; -1: it never traded."""
        while True:
            try:
                newest = await self._client.recent_trades(symbol)
            except ExchangeError as exc:
                log.warning("waiting for the newest id", symbol=symbol, reason=str(exc), retry_in_s=RETRY_S)
                await asyncio.sleep(RETRY_S)
            else:
                return newest[-1].trade.trade_id if newest else -1

    async def _back_to(self, symbol: str, newest_id: int, before_ms: int) -> list[Arrival]:
        """Trades up to `newest_id`, from the last one before `before_ms` on; nothing if that is too far back."""
        found: list[Arrival] = []
        first_id = newest_id + 1
        for _ in range(COLD_START_PAGES):
            page = await self._client.historical_trades(symbol, first_id - PAGE)
            found = [arrival for arrival in page if arrival.trade.trade_id < first_id] + found
            earlier = [i for i, arrival in enumerate(found) if arrival.trade.traded_at_ms <= before_ms]
            if earlier:
                start = found[earlier[-1] :]
                return start if start[0].trade.traded_at_ms >= before_ms - FARTHEST_START_MS else []
            first_id -= PAGE
            if not page or first_id <= 0:
                break
        return []

    def _holes(self) -> list[Hole]:
        return [hole for sequencer in self._shard.sequencers.values() if (hole := sequencer.hole()) is not None]

    async def _give_up_holes(self) -> None:
        """Apart from asking, which may have to wait long: nothing is held back for more than a minute."""
        now_s = time.monotonic()
        for hole in unaffordable(self._holes(), self._client.budget.share, now_s):
            self._give_up(hole, now_s)

    async def _fill_holes(self) -> None:
        now_s = time.monotonic()
        holes = self._holes()
        self._patience.keep_only(holes)
        due = [hole for hole in holes if asks_now(hole, now_s) and self._patience.allows(hole, now_s=now_s)]
        for hole in sorted(due, key=lambda hole: hole.size)[:4]:
            await self._fill(hole)

    def _give_up(self, hole: Hole, now_s: float) -> None:
        log.warning("segment break", symbol=hole.symbol, first=hole.first, last=hole.last, ids=hole.size)
        detected_at_ms = self._shard.clock.now_ms(now_s=now_s)
        evidence = f"not filled within {now_s - hole.known_at_s:.0f} s; left to repair"
        self._shard.sequencers[hole.symbol].break_segment(detected_at_ms=detected_at_ms, now_s=now_s, evidence=evidence)

    async def _fill(self, hole: Hole) -> None:
        sequencer = self._shard.sequencers[hole.symbol]
        self._patience.asked(hole, now_s=time.monotonic())
        try:
            page = await self._client.historical_trades(hole.symbol, hole.first)
        except Refused:  # some hosts have no database of old trades; the newest are everywhere
            page = await self._client.recent_trades(hole.symbol)
        now_s = time.monotonic()
        for arrival in page:
            sequencer.accept(arrival, now_s=now_s)

    async def _decide_quiet_minutes(self) -> None:
        now_ms = self._shard.clock.now_ms(now_s=time.monotonic())
        for symbol, sequencer in self._shard.sequencers.items():
            minute = sequencer.minutes.undecided_since()
            if minute is None or now_ms < minute + MINUTE_MS + KLINE_GRACE_MS:
                continue
            klines = await self._client.klines(symbol, minute, now_ms=now_ms)
            sequencer.minutes.decide({kline.open_time: kline.trade_count for kline in klines if kline.closed})

    async def _poll_statuses(self) -> None:
        answer = await self._client.exchange_info()
        for info in answer.symbols:
            sequencer = self._shard.sequencers.get(info.symbol)
            if sequencer is not None and info.status == "TRADING":
                sequencer.minutes.trading_at(answer.server_time)

    async def _watch_clock(self) -> None:
        shard, now_s = self._shard, time.monotonic()
        if shard.is_clock_suspect or shard.clock.age_s(now_s=now_s) > CLOCK_POLL_S:
            shard.is_clock_suspect = False
            shard.clock.sync(await self._client.time_ms(), now_s=time.monotonic())


async def _every(pause_s: float, step: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await step()
        except RateLimited as exc:
            log.warning("the exchange asks for silence", retry_after_s=exc.retry_after_s)
            await asyncio.sleep(exc.retry_after_s)
        except ExchangeError as exc:
            log.warning("REST failed", reason=str(exc))
            await asyncio.sleep(1.0)
        await asyncio.sleep(pause_s)
