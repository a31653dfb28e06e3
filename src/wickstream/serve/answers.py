"""Answers as bytes: the list envelope."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from fastapi.responses import Response

JSON = "application/json"

_encoder = msgspec.json.Encoder()


def json_response(body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """One object; holds what msgspec can encode, decimals already as text."""
    return Response(_encoder.encode(body), status, headers, media_type=JSON)


def list_response(
    rows: Sequence[Mapping[str, Any] | msgspec.Raw],
    *,
    as_of: int | None,
    lag_ms: int | None,
    complete: bool,
    sources: Sequence[str],
    away: Sequence[str] = (),
    next_cursor: str | None = None,
    headers: Mapping[str, str] | None = None,
    **facts: Any,
) -> Response:
    """The envelope of every list: `as_of` is the exchange's time (ms) of the newest trade.

    `away` is there only if a tier was needed and did not answer, `next_cursor` only if there is more: the same question
    with it as `cursor` goes on behind the last row. `facts` are what is true of the whole list.
    """
    body = {"data": rows, "as_of": as_of, "lag_ms": lag_ms, "complete": complete, "sources": list(sources), **facts}
    if away:
        body["away"] = list(away)
    if next_cursor is not None:
        body["next_cursor"] = next_cursor
    return json_response(body, headers=headers)
