"""What OpenAPI shows of each answer; the candle is the exchange's own of 9 August 2024, 00:00 UTC."""

from typing import Any

from wickstream.candle import INTERVALS

_CANDLE = {
    "symbol": "BTCUSDT",
    "interval": "1m",
    "open_time": 1723161600000,
    "close_time": 1723161659999,
    "open": "61686.00000000",
    "high": "61744.37000000",
    "low": "61630.88000000",
    "close": "61631.79000000",
    "volume": "34.08180000",
    "quote_volume": "2102488.19833370",
    "trade_count": 1824,
    "taker_buy_volume": "15.59452000",
    "taker_buy_quote_volume": "961883.27770980",
    "first_trade_id": 3735692997,
    "last_trade_id": 3735694820,
    "closed": True,
    "revision": 0,
    "origin": "trades",
    "published_at": 1723161660125,
    "vwap": "61689.47057766",
    "price_change_pct": "-0.0879",
    "buy_sell_ratio": "0.8435",
}

_TRADE_COUNT = {
    "symbol": "BTCUSDT",
    "interval": "1m",
    "open_time": 1723161600000,
    "close_time": 1723161659999,
    "trade_count": 1824,
    "buy_count": 843,
    "sell_count": 981,
    "volume": "34.08180000",
    "buy_volume": "15.59452000",
    "sell_volume": "18.48728000",
    "quote_volume": "2102488.19833370",
    "buy_quote_volume": "961883.27770980",
    "sell_quote_volume": "1140604.92062390",
    "closed": True,
}


_AT_TIMES = {"next_cursor"}  # only where there is more


def _schema_of(example: Any) -> dict[str, Any]:
    """A JSON schema that the example fits: enough for a client generator, and never out of step with it."""
    if isinstance(example, bool):
        return {"type": "boolean"}
    if example is None or isinstance(example, int):  # what lacks in an example is a number
        return {"type": ["integer", "null"]}
    if isinstance(example, str):
        return {"type": ["string", "null"]}
    if isinstance(example, list):
        found = [_schema_of(one) for one in example]
        kinds = [kind for at, kind in enumerate(found) if kind not in found[:at]]
        if not kinds:  # nothing is said of what might be in it
            return {"type": "array"}
        return {"type": "array", "items": kinds[0] if len(kinds) == 1 else {"anyOf": kinds}}
    properties = {name: _schema_of(value) for name, value in example.items()}
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in _AT_TIMES],
    }


def answer(description: str, example: Any, media_type: str = "application/json") -> dict[str, Any]:
    """An answer's part of the document: its schema is read off the example."""
    return {"description": description, "content": {media_type: {"schema": _schema_of(example), "example": example}}}


def or_as(shown: dict[str, Any], media_type: str, example: Any = None) -> dict[str, Any]:
    """The same answer, and how it comes in another form; None: bytes that are no text."""
    content = dict(shown["content"])
    if media_type in content:
        first = content[media_type]["schema"]
        content[media_type] = content[media_type] | {"schema": {"anyOf": [first, _schema_of(example)]}}
    elif isinstance(example, str):
        content[media_type] = {"schema": {"type": "string"}, "example": example}
    else:
        content[media_type] = {"schema": {"type": "string", "format": "binary"}}
    return shown | {"content": content}


def list_of(row: dict[str, Any], *tiers: str, **facts: Any) -> dict[str, Any]:
    """The envelope around one row."""
    envelope = {"as_of": 1723161660101, "lag_ms": 87, "complete": True, "sources": ["demo", *tiers]}
    return {"data": [row], **envelope, **facts}


def _problem(status: int, kind: str, description: str, detail: str) -> dict[str, Any]:
    example = {
        "type": f"urn:wickstream:problem:{kind}",
        "title": kind.replace("-", " ").capitalize(),
        "status": status,
        "detail": detail,
    }
    return answer(description, example, "application/problem+json")


KLINE = [
    *(1723161600000, "61686.00000000", "61744.37000000", "61630.88000000", "61631.79000000", "34.08180000"),
    *(1723161659999, "2102488.19833370", 1824, "15.59452000", "961883.27770980", "0"),
]
KLINES = or_as(
    or_as(
        or_as(answer("Candles, oldest first.", list_of(_CANDLE, "hot")), "application/json", [KLINE]),
        *("text/csv", ",".join(_CANDLE) + "\n"),
    ),
    "application/vnd.apache.arrow.stream",
)
TRADE_COUNTS = answer("Windows, oldest first.", list_of(_TRADE_COUNT, "hot", "cold"))
HEALTH = answer(
    "The report.",
    {
        "status": "ok",
        "source": "demo",
        "market": "spot",
        "version": "0.1.0",
        "as_of": 1723161660101,
        "lag_ms": 87,
        "components": {name: {"state": "up"} for name in ("kafka", "redis", "postgres")},
        "tiers": {tier: {"state": "up", "newest_closed": 1723161600000} for tier in ("hot", "warm", "cold")},
    },
)
PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: _problem(
        400,
        "unknown-parameter",
        "A parameter this route does not know, or one given twice.",
        "unknown parameter 'limt'; this route takes interval, start, end, limit, closed_only, as_known_at, "
        "format, cursor",
    ),
    401: _problem(401, "key-needed", "No good key.", "a key is needed: send it as the header X-API-Key"),
    403: _problem(403, "key-refused", "A key that does not open this.", "the key 3f has not the scope read"),
    404: _problem(404, "unknown-symbol", "No such symbol here.", "no symbol BTCUSD; did you mean BTCUSDT?"),
    422: _problem(
        422, "bad-parameter", "A value that cannot be used.", f"interval: must be one of {', '.join(INTERVALS)}"
    ),
    429: _problem(
        429,
        "too-many-requests",
        "The minute is used up; `Retry-After` says when to ask again.",
        "the limit of 100 a minute is used up; ask again in 17 s",
    ),
    503: _problem(
        503,
        "store-unavailable",
        "No tier can answer now; `Retry-After` says when to ask again.",
        "PostgreSQL does not answer; ask again in 1 s",
    ),
}
# Of routes that take no parameters.
REFUSALS: dict[int | str, dict[str, Any]] = {status: PROBLEMS[status] for status in (401, 403, 429, 503)}
