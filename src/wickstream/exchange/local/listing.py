"""The symbols the local exchange lists: those it plays trade, the default pairs beside them are in a break."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from wickstream.exchange.local.tape import Tape

_BUNDLED = Path(__file__).parent / "captures" / "symbols.json"
_QUOTES = ("FDUSD", "USDT", "USDC", "TUSD", "BUSD", "BTC", "ETH", "BNB", "EUR", "TRY", "BRL", "JPY")


def listed_symbols(tapes: Iterable[Tape]) -> dict[str, dict[str, Any]]:
    """The `symbols` of exchangeInfo by name, played ones first."""
    bundled = {row["symbol"]: row for row in msgspec.json.decode(_BUNDLED.read_bytes(), type=list[dict[str, Any]])}
    played = {tape.symbol: _entry(bundled.get(tape.symbol) or _made_up(tape), "TRADING") for tape in tapes}
    rest = {name: _entry(row, "BREAK") for name, row in bundled.items() if name not in played}
    return played | rest


def _entry(row: dict[str, Any], status: str) -> dict[str, Any]:
    """In today's shape: permissions moved into sets."""
    entry = row | {"status": status, "permissions": [], "permissionSets": [row["permissions"]]}
    return entry | {"defaultSelfTradePreventionMode": "EXPIRE_MAKER", "allowedSelfTradePreventionModes": []}


def _made_up(tape: Tape) -> dict[str, Any]:
    """For a symbol of which nothing is known but its trades."""
    quote = next((known for known in _QUOTES if tape.symbol.endswith(known) and tape.symbol != known), "")
    base = tape.symbol.removesuffix(quote) if quote else tape.symbol
    precision = dict.fromkeys(("baseAssetPrecision", "quotePrecision", "quoteAssetPrecision"), 8)
    tick, step = (f"{10**-8:.8f}",) * 2
    return {
        "symbol": tape.symbol,
        "status": "TRADING",
        "baseAsset": base,
        "quoteAsset": quote or "USDT",
        **precision,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": ["LIMIT", "MARKET"],
        "icebergAllowed": True,
        "ocoAllowed": True,
        "quoteOrderQtyMarketAllowed": True,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": "1000000.00000000", "tickSize": tick},
            {"filterType": "LOT_SIZE", "minQty": step, "maxQty": "92141578.00000000", "stepSize": step},
        ],
        "permissions": ["SPOT"],
    }
