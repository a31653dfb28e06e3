"""1-minute candles out of whichever tiers hold them."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from wickstream.candle import Candle
from wickstream.errors import StoreBusy
from wickstream.events import MINUTE_MS
from wickstream.store.cold.reads import ColdReader
from wickstream.store.hot.hour import HotHour
from wickstream.store.series.plan import Plan, hot_suffices
from wickstream.store.warm.reads import WarmReader

Result = TypeVar("Result")


@dataclass(frozen=True)
class Minutes:
    """What the tiers gave, not yet stitched.

    Attributes:
        parts: candles by tier, in order of time each.
        halts: open times of minutes without trading.
        is_whole: no tier that may hold some of the range was out of reach.
    """

    parts: dict[str, Sequence[Candle]]
    halts: frozenset[int] = frozenset()
    is_whole: bool = True


async def read_minutes(
    symbol: str, wanted: Plan, *, hour: HotHour, now_ms: int | None, warm: WarmReader, cold: ColdReader
) -> Minutes:
    """The hot hour if it suffices, else warm and hot, and cold for what lies before all that warm holds.

    Raises:
        StoreBusy: If neither warm nor cold can answer; names both.
    """
    hot = hour.between(wanted.first_ms, wanted.last_ms)
    if hot_suffices(wanted, hour, now_ms):
        return Minutes({"hot": hot})
    held, warm_trouble = await attempt(_from_warm(warm, symbol, wanted))
    older = _beyond(wanted, held[0] if held else None)
    archived, cold_trouble = await attempt(cold.candles(symbol, older)) if older else ([], None)
    if held is None:
        if not archived:
            raise StoreBusy("; ".join(str(trouble) for trouble in (warm_trouble, cold_trouble) if trouble))
        return Minutes({"hot": hot, "cold": archived}, is_whole=False)
    candles, halts = held
    parts: dict[str, Sequence[Candle]] = {"hot": hot, "warm": candles, "cold": archived or []}
    return Minutes(parts, halts, is_whole=cold_trouble is None)


async def _from_warm(warm: WarmReader, symbol: str, wanted: Plan) -> tuple[list[Candle], frozenset[int]]:
    return await warm.candles(symbol, wanted), await warm.halts(symbol, wanted)


def _beyond(wanted: Plan, held: Sequence[Candle] | None) -> Plan | None:
    """What may still be found before the first of what warm holds; all of it if warm holds or says nothing."""
    if not held:
        return wanted
    enough = wanted.backward and len(held) >= wanted.minutes
    if enough or held[0].open_time <= wanted.first_ms:
        return None
    return replace(wanted, last_ms=held[0].open_time - MINUTE_MS)


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
