"""Work that runs side by side until some of it ends."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

Work = Coroutine[Any, Any, Any]


async def until_one_ends(*decisive: Work, beside: Sequence[Work] = ()) -> None:
    """Until one of `decisive` ends, or anything fails; whatever still runs then is cancelled."""
    ending = {asyncio.ensure_future(work) for work in decisive}
    running = ending | {asyncio.ensure_future(work) for work in beside}
    try:
        while not any(task.done() for task in ending):
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            failures = [failure for task in done if (failure := task.exception())]  # of several, one is told
            if failures:
                raise failures[0]
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
