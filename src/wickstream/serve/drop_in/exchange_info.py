"""The exchange as it is seen from here: its clock, and the symbols that we follow."""

from typing import Any

from wickstream.binance import questions
from wickstream.binance.shapes import RATE_LIMITS, ApiError
from wickstream.quotes import quote_asset
from wickstream.serve.drop_in.door import Asked, Endpoint, Said

PLACES = 8
_SMALLEST, _LARGEST = "0.00000001", "92233720368.54775807"  # of an amount in 64 bits
_SPOT = "SPOT"
_ORDERS = (
    "icebergAllowed",
    "ocoAllowed",
    "otoAllowed",
    "opoAllowed",
    "quoteOrderQtyMarketAllowed",
    "allowTrailingStop",
    "cancelReplaceAllowed",
    "amendAllowed",
    "pegInstructionsAllowed",
)


async def ping(_: Asked) -> Said:
    """`{}`."""
    return Said({})


async def time(asked: Asked) -> Said:
    """The exchange's clock; in a replay it stands where the recording is."""
    return Said({"serverTime": await asked.reader.exchange.now_ms()})


async def info(asked: Asked) -> Said:
    """Symbols with the exchange's newest word on each; what nobody asked it about is in a break."""
    names, status = await asked.symbols(), questions.status(asked.query)
    permissions = asked.query.get("permissions")
    for name, value in (("symbolStatus", status), ("permissions", permissions)):
        if value and names is not None:
            raise ApiError(-1128, f"Combination of optional parameters invalid. Recommendation: '{name}'")
    with_sets = questions.flag(asked.query, "showPermissionSets", default=True)
    now_ms, statuses = await asked.reader.exchange.now_ms(), await asked.reader.exchange.statuses()
    wanted = sorted(await asked.reader.known_symbols()) if names is None else names
    rows = [row_of(name, statuses.get(name, ""), with_sets=with_sets) for name in wanted]
    is_spot = not permissions or _SPOT in permissions.upper()
    return Said(
        {
            "timezone": "UTC",
            "serverTime": now_ms,
            "rateLimits": RATE_LIMITS,
            "exchangeFilters": [],
            "symbols": [row for row in rows if is_spot and (not status or row["status"] == status)],
        }
    )


def row_of(symbol: str, status: str, *, with_sets: bool) -> dict[str, Any]:
    """In the exchange's shape.

    No order can be placed here, and which prices and quantities an order may have is not kept: what the filters say is
    only what an amount may be at all.
    """
    quote = quote_asset(symbol) or ""
    base = symbol.removesuffix(quote)
    return {
        "symbol": symbol,
        "status": status if status in (*questions.STATUSES, "END_OF_DAY", "CANCEL_ONLY") else "BREAK",
        "baseAsset": base,
        "baseAssetPrecision": PLACES,
        "quoteAsset": quote,
        "quotePrecision": PLACES,
        "quoteAssetPrecision": PLACES,
        "baseCommissionPrecision": PLACES,
        "quoteCommissionPrecision": PLACES,
        "orderTypes": [],
        **dict.fromkeys(_ORDERS, False),
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": _SMALLEST, "maxPrice": _LARGEST, "tickSize": _SMALLEST},
            {"filterType": "LOT_SIZE", "minQty": _SMALLEST, "maxQty": _LARGEST, "stepSize": _SMALLEST},
        ],
        "permissions": [],
        "permissionSets": [[_SPOT]] if with_sets else [],
        "defaultSelfTradePreventionMode": "NONE",
        "allowedSelfTradePreventionModes": [],
    }


PING = Endpoint("ping", ping)
TIME = Endpoint("time", time)
INFO = Endpoint("exchangeInfo", info, ("symbol", "symbols", "permissions", "showPermissionSets", "symbolStatus"))
