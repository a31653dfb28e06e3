"""Answers as bytes: the list envelope, and a candle as a row."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from fastapi.responses import Response

from wickstream.candle import Candle, buy_sell_ratio, plain, price_change_pct, vwap

JSON = "application/json"

_AMOUNTS = tuple(field.name for field in msgspec.structs.fields(Candle) if field.type is Decimal)

_encoder = msgspec.json.Encoder()


def json_response(body: Mapping[str, Any], status: int = 200) -> Response:
    """One object; holds what msgspec can encode, decimals already as text."""
    return Response(_encoder.encode(body), status, media_type=JSON)


def list_response(
    rows: Sequence[Mapping[str, Any]], *, as_of: int | None, lag_ms: int | None, complete: bool, sources: Sequence[str]
) -> Response:
    """The envelope of every list: `as_of` is the exchange's time (ms) of the newest trade."""
    return json_response(
        {"data": rows, "as_of": as_of, "lag_ms": lag_ms, "complete": complete, "sources": list(sources)}
    )


def candle_row(candle: Candle) -> dict[str, Any]:
    """A candle's own fields, decimals as text, and the three derived ones."""
    row = msgspec.structs.asdict(candle)
    for name in _AMOUNTS:
        row[name] = plain(row[name])
    row["vwap"] = _ratio_text(vwap(candle))
    row["price_change_pct"] = _ratio_text(price_change_pct(candle))
    row["buy_sell_ratio"] = _ratio_text(buy_sell_ratio(candle))
    return row


def _ratio_text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"
