"""Pages of a list: how the next one is told, and forms other than JSON."""

import asyncio
from collections.abc import Callable

from fastapi import Request
from fastapi.responses import Response

from wickstream.serve.problems import Problem


def refuse_backward(start: int | None, end: int | None) -> None:
    """Times or ids, both inclusive.

    Raises:
        Problem: 422, if there is nothing between them.
    """
    if start is not None and end is not None and start > end:
        raise Problem(422, "bad-range", f"start ({start}) lies after end ({end}); swap them", parameter="start")


def next_page(request: Request, cursor: str | None) -> dict[str, str]:
    """The header `Link`; none behind the last page. Relative: whoever asked knows by which name."""
    if cursor is None:
        return {}
    there = request.url.include_query_params(cursor=cursor)
    return {"Link": f'<{there.path}?{there.query}>; rel="next"'}


async def in_form(write: Callable[[], bytes], media_type: str, headers: dict[str, str], *, complete: bool) -> Response:
    """An answer without the envelope; written in a thread, for it may have to load what writes it."""
    told = {"X-Wickstream-Complete": str(complete).lower(), **headers}
    return Response(await asyncio.to_thread(write), headers=told, media_type=media_type)
