"""Which answers are kept for a moment, and by what they are known. Pure."""

from typing import NamedTuple
from urllib.parse import parse_qs

LONGEST_QUERY = 300  # what is longer is nobody else's question

_KLINES = "/api/v1/analytics/klines/"
_MARKET = "/api/v1/market/"
_OF_ALL = ("/readyz", "/api/v1/system/components", "/api/v1/system/agreement")
_OF_V3 = ("/api/v3/klines", "/api/v3/avgPrice", "/api/v3/ticker/price", "/api/v3/ticker/24hr")


class HotName(NamedTuple):
    """An address, letter by letter, and whose it is; of several symbols: None."""

    path: str
    query: bytes
    symbol: str | None


def hot_name(path: str, query: bytes) -> HotName | None:
    """None: it is not kept. What was known at a moment is not either: it takes long, and is asked once."""
    if len(query) > LONGEST_QUERY or b"as_known_at" in query:
        return None
    if path.startswith(_KLINES):
        return HotName(path, query, path.removeprefix(_KLINES))
    if path in _OF_V3:
        return HotName(path, query, parse_qs(query.decode("latin-1")).get("symbol", [None])[0])
    return HotName(path, query, None) if path.startswith(_MARKET) or path in _OF_ALL else None
