"""Work that runs side by side until some of it ends."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

Work = Coroutine[Any, Any, Any]


async def until_one_ends(*decisive: Work, beside: Sequence[Work] = ()) -> None:
    """Until one of `decisive` ends, or anything fails; whatever still runs then is cancelled.

    Of several failures the first one's, in the order of the arguments, is raised.
    """
    ending = [asyncio.ensure_future(work) for work in decisive]
    running = [*ending, *(asyncio.ensure_future(work) for work in beside)]
    try:
        while not any(task.done() for task in ending):
            await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            if failures := [failure for task in running if task.done() and (failure := task.exception())]:
                raise failures[0]
            running = [task for task in running if not task.done()]
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
