"""Answers as bytes: the list envelope."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from fastapi import Request
from fastapi.responses import Response

JSON = "application/json"

_encoder = msgspec.json.Encoder()


def json_response(body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """One object; holds what msgspec can encode, decimals already as text."""
    return Response(_encoder.encode(body), status, headers, media_type=JSON)


class NextPage(NamedTuple):
    """Where a list goes on: the same question with `cursor` goes on behind the last row."""

    request: Request
    cursor: str


def list_response(
    rows: Sequence[Mapping[str, Any] | msgspec.Raw],
    *,
    as_of: int | None,
    lag_ms: int | None,
    complete: bool,
    sources: Sequence[str],
    away: Sequence[str] = (),
    next_page: NextPage | None = None,
    **facts: Any,
) -> Response:
    """The envelope of every list: `as_of` is the exchange's time (ms) of the newest trade.

    `away` is there only if a tier was needed and did not answer, `next_cursor` and the header `Link` only if there is
    more. `facts` are what is true of the whole list.
    """
    body = {"data": rows, "as_of": as_of, "lag_ms": lag_ms, "complete": complete, "sources": list(sources), **facts}
    if away:
        body["away"] = list(away)
    if next_page is not None:
        body["next_cursor"] = next_page.cursor
    return json_response(body, headers=link_to(next_page))


def link_to(next_page: NextPage | None) -> dict[str, str]:
    """The header `Link`; none behind the last page. Relative: whoever asked knows by which name."""
    if next_page is None:
        return {}
    there = next_page.request.url.include_query_params(cursor=next_page.cursor)
    return {"Link": f'<{there.path}?{there.query}>; rel="next"'}
