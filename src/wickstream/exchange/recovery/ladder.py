"""The ladder: what is done for the ids of an open entry, one rung after the other, until they are accounted for."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing, suppress
from typing import Any

import msgspec

from wickstream.errors import Corrupted, ExchangeError, FeedLost, MalformedFrame, RateLimited, Refused
from wickstream.events import MINUTE_MS, Gap, GapStatus
from wickstream.exchange.recovery.draft import Draft, Step, ids_of_entry
from wickstream.exchange.recovery.kline_book import GRACE_MS, KlineBook
from wickstream.exchange.recovery.mending import Cutter, TradedMinute, agrees
from wickstream.exchange.recovery.rungs import Aggregated, Archived, ById, Newest, Rung, now_ms
from wickstream.exchange.rest.archive import Archive
from wickstream.exchange.rest.client import ExchangeClient
from wickstream.exchange.sequencing.clock import ExchangeClock

__all__ = ["Ladder", "Step", "ready_at_ms"]

SETTLED_MS = 600_000  # the exchange's databases have caught up by then: what they lack is not to be had from them
LIMITS_AGE_S = 3_600.0


def ready_at_ms(entry: Gap) -> int:
    """When an entry can be climbed to its end (ms, the exchange's clock): the minute it was detected in is over."""
    return (entry.detected_at // MINUTE_MS + 1) * MINUTE_MS + GRACE_MS


class _Climb:
    """Where the climbing of one entry stands."""

    def __init__(self, entry: Gap, *, is_ready: bool) -> None:
        self.entry = entry
        self.is_ready = is_ready
        self.left = [entry]
        self.troubles: list[ExchangeError] = []
        self.minutes_done: set[int] = set()
        self._is_begun = False

    def is_too_early(self, last_trade_id: int) -> bool:
        """The trade behind the entry may not have come when the minute was asked for: its edge must wait."""
        return not self.is_ready and last_trade_id >= ids_of_entry(self.entry).last

    def take(self) -> list[Gap]:
        """What no rung accounted for so far; after the first one, not what must wait."""
        waiting = [part for part in self.left if self._is_begun and self.is_too_early(ids_of_entry(part).last)]
        taken = [part for part in self.left if part not in waiting]
        self.left, self._is_begun = waiting, True
        return taken

    @property
    def silence(self) -> ExchangeError | None:
        """A host that did not answer may have what is left: nothing worse is to be settled for."""
        return next((trouble for trouble in self.troubles if isinstance(trouble, (FeedLost, MalformedFrame))), None)

    def outcome(self) -> tuple[Gap, ...]:
        """What is left, with the reasons."""
        reasons = [str(trouble) for trouble in self.troubles]
        if not self.is_ready:
            reasons.insert(0, "the minute behind its last id was not over")
        return tuple(_explained(part, reasons, self.entry) for part in self.left)


def _explained(part: Gap, reasons: Sequence[str], entry: Gap) -> Gap:
    own = [part.evidence] if part.evidence and part.evidence != entry.evidence else []
    return msgspec.structs.replace(part, evidence="; ".join([*own, *reasons]) or part.evidence)


class Ladder:
    """Climbs one entry at a time."""

    def __init__(self, client: ExchangeClient, archive: Archive, *, absence_is_provable: bool = True) -> None:
        """`absence_is_provable`: False in a replay, where ids that were not recorded are not there either."""
        self._client = client
        self._archive = archive
        self._absence_is_provable = absence_is_provable
        self._clock = ExchangeClock()
        self._limits_at_s: float | None = None

    async def climb(self, gap: Gap) -> AsyncGenerator[Step, None]:
        """Steps, each of which may be applied alone; breaking off loses nothing but the time.

        `gap`: an entry of ids, open; or `candles_only`, for which only trades are worth while. What is left in the end
        keeps its status, and its evidence says why.

        Raises:
            RateLimited: If nothing may be asked for now.
            FeedLost, MalformedFrame: If a host did not answer; what the others had was given before.
            Refused: If no host tells the time.
        """
        await self._look_at_the_clock(gap.symbol)
        climb = _Climb(gap, is_ready=now_ms(self._clock) >= ready_at_ms(gap))
        for rung in self._rungs(climb):
            async with aclosing(self._try(climb, rung)) as steps:
                async for step in steps:
                    yield step
        if climb.left and climb.silence is not None:
            raise climb.silence
        if climb.left and gap.status is GapStatus.OPEN:
            yield Step((), climb.outcome(), (), None)

    def _rungs(self, climb: _Climb) -> Iterator[Rung[Any]]:
        """Each as it turns out to be worth while."""
        yield ById(self._client, self._clock, absence_is_provable=self._absence_is_provable)
        was_refused = bool(climb.troubles)
        if was_refused:
            yield Newest(self._client)
        yield Archived(self._client, self._archive, self._clock)
        if self._may_do_without_trades(climb, was_refused=was_refused):
            yield Aggregated(self._client, self._clock, absence_is_provable=self._absence_is_provable)

    def _may_do_without_trades(self, climb: _Climb, *, was_refused: bool) -> bool:
        is_settled = now_ms(self._clock) - climb.entry.detected_at >= SETTLED_MS
        return climb.entry.status is GapStatus.OPEN and climb.silence is None and (was_refused or is_settled)

    async def _look_at_the_clock(self, symbol: str) -> None:
        """And, once an hour, at the limits."""
        now_s = asyncio.get_running_loop().time()
        if self._limits_at_s is None or now_s - self._limits_at_s > LIMITS_AGE_S:
            with suppress(Refused):  # a symbol that is not listed any more
                await self._client.exchange_info((symbol,))
            self._limits_at_s = now_s
        self._clock.sync(await self._client.time_ms(), now_s=asyncio.get_running_loop().time())

    async def _try(self, climb: _Climb, rung: Rung[Any]) -> AsyncGenerator[Step, None]:
        for part in climb.take():
            rest: Gap | None = part
            try:
                async with aclosing(self._mend(climb, part, rung)) as steps:
                    async for step in steps:
                        rest = step.rest
                        climb.left += [piece for piece in step.pieces if piece.status is part.status]
                        yield step
            except (Refused, Corrupted, FeedLost, MalformedFrame) as exc:
                climb.troubles.append(exc)
            climb.left += [] if rest is None else [rest]

    async def _mend(self, climb: _Climb, part: Gap, rung: Rung[Any]) -> AsyncGenerator[Step, None]:
        """Minute by minute, to the end of the one behind the part; what was found before a failure is not lost."""
        draft = Draft(part, rung.means, absent=rung.absent, minutes_done=climb.minutes_done)
        book = KlineBook(self._client, part.symbol)
        failure: ExchangeError | None = None
        try:
            async with aclosing(self._minutes(part, rung)) as minutes:
                async for minute in minutes:
                    if climb.is_too_early(minute.ids.last):
                        break
                    await self._settle(draft, minute, book)
                    if draft.is_full:
                        yield draft.step()
            draft.take_back(book.closed, is_cut_off=False)
            if draft.ends_in_silence:
                await self._settle_silence(draft, part, book)
        except (Refused, Corrupted, FeedLost, MalformedFrame, RateLimited) as exc:
            failure = exc
            draft.take_back(book.closed, is_cut_off=True)
        if not draft.is_empty:
            yield draft.step()
        if failure is not None:
            raise failure

    async def _settle_silence(self, draft: Draft, part: Gap, book: KlineBook) -> None:
        """Up to the minute in which the ids were found missing: from the next one on the connector proves all."""
        first, last = draft.quiet_from(), part.detected_at // MINUTE_MS * MINUTE_MS
        if first <= last:
            await book.cover(first, last, now_ms=now_ms(self._clock))
            draft.settle_quiet(last, book.closed, newest_kline=book.newest)

    async def _minutes(self, part: Gap, rung: Rung[Any]) -> AsyncGenerator[TradedMinute, None]:
        """From the one of the id before the part to the one of the id behind it, as far as they are to be had."""
        cutter = Cutter[Any]()
        async with aclosing(rung.batches(part)) as batches:
            async for batch in batches:
                for items in cutter.take(batch):
                    minute = rung.minute(items, published_at=now_ms(self._clock))
                    yield minute
                    if minute.ids.last > ids_of_entry(part).last:
                        return
        if pending := cutter.end():
            yield rung.minute(pending, published_at=now_ms(self._clock))

    async def _settle(self, draft: Draft, minute: TradedMinute, book: KlineBook) -> None:
        """By the exchange's own kline; where they differ it is asked for once more, for it trails."""
        first, last = draft.first_unsettled(minute), minute.open_time
        await book.cover(first, last, now_ms=now_ms(self._clock))
        if not agrees(minute.candle, book.closed.get(last)):
            await book.ask_again(first, now_ms=now_ms(self._clock))
            await book.cover(first, last, now_ms=now_ms(self._clock))
        draft.settle(minute, book.closed, newest_kline=book.newest)
