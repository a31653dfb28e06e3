"""Answers as bytes: the list envelope."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from fastapi.responses import Response

JSON = "application/json"

_encoder = msgspec.json.Encoder()


def json_response(body: Mapping[str, Any], status: int = 200) -> Response:
    """One object; holds what msgspec can encode, decimals already as text."""
    return Response(_encoder.encode(body), status, media_type=JSON)


def list_response(
    rows: Sequence[Mapping[str, Any] | msgspec.Raw],
    *,
    as_of: int | None,
    lag_ms: int | None,
    complete: bool,
    sources: Sequence[str],
    away: Sequence[str] = (),
) -> Response:
    """The envelope of every list: `as_of` is the exchange's time (ms) of the newest trade.

    `away` is there only if a tier was needed and did not answer.
    """
    body = {"data": rows, "as_of": as_of, "lag_ms": lag_ms, "complete": complete, "sources": list(sources)}
    return json_response(body | {"away": list(away)} if away else body)
