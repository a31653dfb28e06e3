"""What ranges are refused, and forms other than JSON."""

import asyncio
from collections.abc import Callable

from fastapi.responses import Response

from wickstream.serve.answers import NextPage, link_to
from wickstream.serve.problems import Problem


def refuse_backward(start: int | None, end: int | None) -> None:
    """Times or ids, both inclusive.

    Raises:
        Problem: 422, if there is nothing between them.
    """
    if start is not None and end is not None and start > end:
        raise Problem(422, "bad-range", f"start ({start}) lies after end ({end}); swap them", parameter="start")


async def in_form(
    write: Callable[[], bytes], media_type: str, next_page: NextPage | None, *, complete: bool
) -> Response:
    """An answer without the envelope; written in a thread, for it may have to load what writes it."""
    told = {"X-Wickstream-Complete": str(complete).lower(), **link_to(next_page)}
    return Response(await asyncio.to_thread(write), headers=told, media_type=media_type)
