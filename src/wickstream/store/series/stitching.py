"""1-minute candles out of whichever tiers hold them, and the answer that they make."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from wickstream.candle import Candle
from wickstream.errors import StoreBusy
from wickstream.store.hot.hour import HotHour
from wickstream.store.series.plan import (
    Plan,
    Question,
    falls_short,
    hot_suffices,
    is_complete,
    lacking,
    latest_known,
    plan,
    stitch,
    wider,
    windows,
)

Result = TypeVar("Result")


class Cold(Protocol):
    """Where minutes are kept for ever."""

    async def candles(self, symbol: str, wanted: Plan) -> Sequence[Candle]:
        """In order of time; raises StoreBusy if it does not answer."""
        ...


class Warm(Cold, Protocol):
    """Where they are kept for months, beside what is known of halts."""

    async def halts(self, symbol: str, wanted: Plan) -> frozenset[int]: ...


@dataclass(frozen=True)
class Minutes:
    """What the tiers gave, not yet stitched.

    Attributes:
        parts: candles by tier, in order of time each.
        halts: open times of minutes without trading.
        away: tiers that did not answer, if they may hold what the others lack.
    """

    parts: dict[str, Sequence[Candle]]
    halts: frozenset[int] = frozenset()
    away: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """Candles in order of time.

    Attributes:
        complete: as `is_complete` says, and no tier is away.
        tiers: those that hold some of it.
        away: as of `Minutes`.
    """

    candles: Sequence[Candle]
    complete: bool
    tiers: tuple[str, ...]
    away: tuple[str, ...]


async def find(
    question: Question, *, hour: HotHour | None, forming: Candle | None, now_ms: int | None, warm: Warm, cold: Cold
) -> Found:
    """The answer to the question. `hour` is None, and now is not known, where Redis is away.

    Raises:
        StoreBusy: If no tier that answers holds any of it; names those that do not answer.
    """
    wanted = plan(question)
    while True:
        read = await read_minutes(question.symbol, wanted, hour=hour, now_ms=now_ms, warm=warm, cold=cold)
        parts = {**read.parts, "lane": [forming] if forming else []}
        minutes = stitch(wanted, *parts.values())
        answer = windows(question, minutes, read.halts, now_ms)
        if not falls_short(question, wanted, answer, minutes):
            break
        wanted = wider(wanted)
    known_now_ms = latest_known(minutes) if now_ms is None else now_ms
    is_whole = not read.away and is_complete(question, answer, minutes, read.halts, known_now_ms)
    return Found(tuple(answer), is_whole, tiers_in(answer, parts), read.away)


async def read_minutes(
    symbol: str, wanted: Plan, *, hour: HotHour | None, now_ms: int | None, warm: Warm, cold: Cold
) -> Minutes:
    """The hot hour if it suffices, else warm and hot, and cold for what both lack: before, between or behind.

    Raises:
        StoreBusy: If something lacks, and all there is is away; names it.
    """
    hot = hour.between(wanted.first_ms, wanted.last_ms) if hour else []
    if hour and hot_suffices(wanted, hour, now_ms):
        return Minutes({"hot": hot})
    held, no_warm = await attempt(_from_warm(warm, symbol, wanted))
    candles, halts = held or ([], frozenset())
    parts: dict[str, Sequence[Candle]] = {"hot": hot, "warm": candles, "cold": []}
    no_cold, lacks = None, lacking(wanted, parts.values(), halts, now_ms)
    if lacks is not None:
        archived, no_cold = await attempt(cold.candles(symbol, lacks))
        parts["cold"] = archived or []
        lacks = lacking(wanted, parts.values(), halts, now_ms)
    if lacks is None:
        return Minutes(parts, halts)
    trouble = {"hot": hour is None, "warm": no_warm, "cold": no_cold}
    if (no_warm or no_cold) and not any(parts.values()):
        raise StoreBusy("; ".join(str(one) for one in (no_warm, no_cold) if one))
    return Minutes(parts, halts, away=tuple(tier for tier, is_away in trouble.items() if is_away))


async def _from_warm(warm: Warm, symbol: str, wanted: Plan) -> tuple[Sequence[Candle], frozenset[int]]:
    candles = await warm.candles(symbol, wanted)
    is_whole = lacking(wanted, [candles], frozenset(), None) is None
    return candles, frozenset() if is_whole else await warm.halts(symbol, wanted)


def tiers_in(answer: Sequence[Candle], parts: Mapping[str, Sequence[Candle]]) -> tuple[str, ...]:
    """The tiers that hold some of it."""
    if not answer:
        return ()
    first_ms, last_ms = answer[0].open_time, answer[-1].close_time
    return tuple(tier for tier, held in parts.items() if any(first_ms <= c.open_time <= last_ms for c in held))


async def attempt(read: Awaitable[Result]) -> tuple[Result | None, StoreBusy | None]:
    """Its result, or why there is none."""
    try:
        return await read, None
    except StoreBusy as exc:
        return None, exc


async def newest_by_tier(reads: dict[str, Awaitable[int | None]]) -> dict[str, int | None]:
    """The results of those tiers that answer."""
    answers = await asyncio.gather(*(attempt(read) for read in reads.values()))
    return {tier: newest for tier, (newest, trouble) in zip(reads, answers, strict=True) if trouble is None}
