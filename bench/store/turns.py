"""Two reads in turns, so that whatever else the machine does falls on both."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from bench.table import Figure


async def side_by_side(
    name: str,
    ours: Callable[[], Awaitable[object]],
    theirs: Callable[[], Awaitable[object]],
    *,
    times: int,
    p99_ms: float | None = None,
) -> list[Figure]:
    """Median and p99; a tenth of the turns goes before, for the caches."""
    took: tuple[list[float], list[float]] = ([], [])
    for turn in range(-max(1, times // 10), times):
        for read, milliseconds in zip((ours, theirs), took, strict=True):
            began_s = time.perf_counter()
            await read()
            if turn >= 0:
                milliseconds.append(1_000 * (time.perf_counter() - began_s))
    own, other = map(sorted, took)
    middle, far = times // 2, times * 99 // 100
    return [
        Figure(f"{name}: p50", "ms", own[middle], peer=other[middle]),
        Figure(f"{name}: p99", "ms", own[far], limit=p99_ms, peer=other[far]),
    ]


def medians(
    name: str, ours: Callable[[], object], theirs: Callable[[], object], *, times: int, limit_ms: float | None = None
) -> Figure:
    """The same of reads that nothing else waits for."""

    async def own() -> object:
        return ours()

    async def other() -> object:
        return theirs()

    median, _ = asyncio.run(side_by_side(name, own, other, times=times))
    return Figure(f"{name}: median", "ms", median.ours, limit=limit_ms, peer=median.peer)
