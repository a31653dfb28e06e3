"""Repairing one entry of the ledger after the other, as long as this process is the one that does."""

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing

import msgspec

from wickstream import metrics
from wickstream.errors import ExchangeError, RateLimited
from wickstream.events import Gap, GapStatus
from wickstream.exchange.recovery.ladder import Ladder, Step
from wickstream.operate.mender import Mender
from wickstream.operate.worklist import Worklist
from wickstream.store.ledger.reader import LedgerReader

FOUND = (GapStatus.REPAIRED, GapStatus.CANDLES_ONLY)
TURN_S = 30.0  # so long for one entry, then whatever is newer by now goes first


class Mended(msgspec.Struct):
    """What became of an entry in one turn."""

    symbol: str
    first_trade_id: int | None
    last_trade_id: int | None
    cause: str | None
    ids: dict[str, int] = msgspec.field(default_factory=dict)  # by status; what is left is "open"
    rungs: dict[str, int] = msgspec.field(default_factory=dict)  # ids found again, by where
    candles: int = 0
    trouble: str | None = None
    seconds: float = 0.0

    def count(self, status: str, ids: int, *, rung: str | None = None) -> None:
        """So many of its ids are known to be that."""
        if ids:
            self.ids[status] = self.ids.get(status, 0) + ids
        if ids and rung:
            self.rungs[rung] = self.rungs.get(rung, 0) + ids


class Repairs:
    """Turns at the ledger's open entries. Every method may raise StoreBusy; calling it again goes on from there."""

    def __init__(
        self,
        ladder: Ladder,
        ledger: LedgerReader,
        mender: Mender,
        worklist: Worklist,
        *,
        tell: Callable[[Mended], None],
    ) -> None:
        self._ladder = ladder
        self._ledger = ledger
        self._mender = mender
        self._worklist = worklist
        self._tell = tell

    async def turn(self) -> bool | None:
        """Repair the newest due entry for a while; False: nothing is due; None: another process repairs."""
        if not await asyncio.to_thread(self._ledger.claim):
            return None
        try:
            self._worklist.refresh(await asyncio.to_thread(self._ledger.entries), now_s=time.monotonic())
            self._show()
            gap = self._worklist.next(now_s=time.monotonic())
            if gap is not None:
                await self._repair(gap)
                self._show()
        finally:
            await asyncio.to_thread(self._ledger.release)
        return gap is not None

    async def _repair(self, gap: Gap) -> None:
        began_s = time.monotonic()
        mended = Mended(gap.symbol, gap.first_trade_id, gap.last_trade_id, gap.evidence)
        try:
            await self._ask(gap, mended)
        finally:
            mended.count(str(GapStatus.OPEN), sum(left.size for left in self._worklist.left_of(gap)))
            mended.seconds = round(time.monotonic() - began_s, 3)
            self._tell(mended)

    async def _ask(self, gap: Gap, mended: Mended) -> None:
        try:
            was_asked_to_the_end = await self._climb(gap, mended)
        except RateLimited as exc:
            mended.trouble = str(exc)
            await asyncio.sleep(exc.retry_after_s)
        except ExchangeError as exc:
            mended.trouble = str(exc)
            self._worklist.postpone(gap, now_s=time.monotonic(), is_trouble=True)
        else:
            if was_asked_to_the_end:
                self._worklist.postpone(gap, now_s=time.monotonic(), is_trouble=False)

    async def _climb(self, gap: Gap, mended: Mended) -> bool:
        """Tell whether the ladder came to its end."""
        until_s = time.monotonic() + TURN_S
        async with aclosing(self._ladder.climb(gap)) as steps:
            async for step in steps:
                is_progress = await self._apply(step, gap, mended)
                # Only where something was found: else the same would be asked for again and again.
                if time.monotonic() > until_s and step.rest and is_progress:
                    return False
        return True

    async def _apply(self, step: Step, entry: Gap, mended: Mended) -> bool:
        """Tell whether some of the entry's ids are something better now."""
        entries, candles = await asyncio.to_thread(self._mender.apply, entry.symbol, step)
        self._worklist.published(entries, now_s=time.monotonic())
        mended.candles += len(candles)
        changed = [gap for gap in entries if gap.status is not entry.status]
        for gap in changed:
            rung = gap.filled_by if gap.status in FOUND else None
            mended.count(str(gap.status), gap.size, rung=rung)
            metrics.GAP_IDS.labels(gap.status).inc(gap.size)
            if rung:
                metrics.REPAIRED_IDS.labels(rung).inc(gap.size)
        return any(gap.size for gap in changed)

    def _show(self) -> None:
        missing = self._worklist.open()
        metrics.OPEN_GAPS.set(len(missing))
        metrics.OPEN_IDS.set(sum(gap.size for gap in missing))
