"""Holes filled from REST, while that is a matter of moments; longer ones are left to repair. Rules 3 and 7."""

import asyncio
from collections.abc import Callable, Iterable

import structlog

from wickstream.binance.weights import PAGE, WEIGHTS
from wickstream.errors import Refused
from wickstream.exchange.recovery.absence import AGE_S, TIMES_ASKED
from wickstream.exchange.rest.client import ExchangeClient
from wickstream.exchange.rest.insist import Step, insist
from wickstream.exchange.sequencing.arrival import Arrival
from wickstream.exchange.sequencing.clock import SANE_AHEAD_MS
from wickstream.exchange.sequencing.holes import Hole
from wickstream.exchange.sequencing.shard import Shard
from wickstream.exchange.sessions.patience import Patience

log = structlog.get_logger()

ROUND_S = 0.1
HELD_HOLE_S = 0.3  # frames behind it are here, so it is no mere delay of a few ms
UNSEEN_HOLE_S = 1.5  # only the ticker knows: the frames may be on their way
UNSEEN_BREAK_S = 3.0  # only the ticker knows, and the frames flow: they are late rather than lost
LONGEST_HOLD_S = 60.0
AT_ONCE = 4  # questions on their way

_PAGE_WEIGHT = WEIGHTS["/api/v3/historicalTrades"]


def asks_now(hole: Hole, heard_until_s: float) -> bool:
    """Whether a hole is old enough to be more than frames on their way."""
    return heard_until_s - hole.known_at_s >= (UNSEEN_HOLE_S if hole.bounded_at_s is None else HELD_HOLE_S)


def unaffordable(holes: Iterable[Hole], budget_per_minute: int, heard_until_s: float) -> list[Hole]:
    """Holes to give up for now: too old, or behind the smaller ones beyond a minute's weight. Rule 3."""
    given_up = []
    weight = 0
    for hole in sorted(holes, key=lambda hole: hole.size):
        weight += -(-hole.size // PAGE) * _PAGE_WEIGHT
        age_s = heard_until_s - hole.known_at_s
        is_certain = hole.bounded_at_s is not None or age_s >= UNSEEN_BREAK_S
        if age_s > LONGEST_HOLD_S or (weight > budget_per_minute and is_certain):
            given_up.append(hole)
    return given_up


class Refill:
    """Asks on behalf of a shard, until cancelled; everything it learns goes into the sequencers."""

    def __init__(
        self,
        shard: Shard,
        client: ExchangeClient,
        *,
        heard_until_s: Callable[[], float],
        absence_is_provable: bool = True,
        on_news: Callable[[], None] = lambda: None,
        on_silence: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Ask on behalf of `shard`.

        Args:
            heard_until_s: frames that came before this moment went through the shard; a hole is younger than it seems
                while others wait.
            absence_is_provable: not so in a replay, where ids that were not recorded are not there either.
            on_news: there may be something to publish.
            on_silence: a symbol trades and its frames do not come.
        """
        self._shard = shard
        self._client = client
        self._heard_until_s = heard_until_s
        self._absence_is_provable = absence_is_provable
        self._on_news = on_news
        self._on_silence = on_silence
        self._patience = Patience()
        self._lacking: dict[Hole, int] = {}  # pages that show ids on both sides of a hole and none of it
        self._noticed = asyncio.Event()

    def notice(self) -> None:
        """There is a hole."""
        self._noticed.set()

    async def run(self) -> None:
        """Watch holes; giving up is apart from asking, which may have to wait long."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._while_holes(self._give_up_holes))
            tasks.create_task(self._while_holes(self._fill_holes))

    async def _while_holes(self, step: Step) -> None:
        while True:
            await self._noticed.wait()
            while self._shard.has_holes:
                await insist(step)
                self._on_news()
                await asyncio.sleep(ROUND_S)
            self._noticed.clear()

    async def _give_up_holes(self) -> None:
        for hole in unaffordable(self._shard.holes, self._client.budget.share, self._heard_until_s()):
            self._give_up(hole, asyncio.get_running_loop().time())

    def _give_up(self, hole: Hole, now_s: float) -> None:
        log.warning("segment break", symbol=hole.symbol, first=hole.first, last=hole.last, ids=hole.size)
        detected_at_ms = self._shard.clock.now_ms(now_s=hole.last_known_at_s)
        evidence = f"not filled within {now_s - hole.known_at_s:.0f} s; left to repair"
        sequencer = self._shard.sequencers[hole.symbol]
        sequencer.break_segment(detected_at_ms=detected_at_ms, now_s=now_s, evidence=evidence)

    async def _fill_holes(self) -> None:
        now_s = asyncio.get_running_loop().time()
        holes = self._shard.holes
        self._patience.keep_only(holes)
        self._lacking = {hole: times for hole, times in self._lacking.items() if hole in holes}
        heard_until_s = self._heard_until_s()
        due = [hole for hole in holes if asks_now(hole, heard_until_s) and self._patience.allows(hole, now_s=now_s)]
        await asyncio.gather(*(self._fill(hole) for hole in sorted(due, key=lambda hole: hole.size)[:AT_ONCE]))

    async def _fill(self, hole: Hole) -> None:
        asked_s = asyncio.get_running_loop().time()
        self._patience.asked(hole, now_s=asked_s)
        if hole.bounded_at_s is None:
            self._on_silence(hole.symbol)
        try:
            page = await self._client.historical_trades(hole.symbol, hole.first)
        except Refused:  # some hosts have no database of old trades; the newest are everywhere
            page = await self._client.recent_trades(hole.symbol)
        sequencer = self._shard.sequencers.get(hole.symbol)
        if sequencer is None:  # not followed any more
            return
        now_s = asyncio.get_running_loop().time()
        latest_ms = self._shard.clock.now_ms(now_s=now_s) + SANE_AHEAD_MS
        for arrival in page:
            if arrival.traded_at_ms < latest_ms:  # else it would close minutes yet to come; its id stays a hole
                sequencer.accept(arrival, now_s=now_s)
        self._judge(sequencer.hole(), page, asked_s, now_s)

    def _judge(self, hole: Hole | None, page: list[Arrival], asked_s: float, now_s: float) -> None:
        """Rule 7: twice asked for long after a higher id was here, and each time the page holds a higher one."""
        if hole is None or hole.bounded_at_s is None or asked_s - hole.bounded_at_s < AGE_S:
            return
        ids = [arrival.trade_id for arrival in page]
        if not ids or ids[-1] <= hole.last or any(hole.first <= one <= hole.last for one in ids):
            return
        if ids[0] > hole.last + 1:  # the newest only: they do not reach back to the hole
            return
        self._lacking[hole] = self._lacking.get(hole, 0) + 1
        if self._lacking[hole] >= TIMES_ASKED:
            self._skip(hole, f"{TIMES_ASKED} pages hold id {ids[-1]} and not these, long after it was known", now_s)

    def _skip(self, hole: Hole, evidence: str, now_s: float) -> None:
        log.warning("the exchange lacks ids", symbol=hole.symbol, first=hole.first, last=hole.last)
        detected_at_ms = self._shard.clock.now_ms(now_s=now_s)
        sequencer = self._shard.sequencers[hole.symbol]
        go_on = sequencer.skip if self._absence_is_provable else sequencer.give_up_hole
        go_on(hole, detected_at_ms=detected_at_ms, now_s=now_s, evidence=evidence)
