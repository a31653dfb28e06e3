"""The symbols the local exchange lists, and their statuses over time."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from wickstream.binance.shapes import fixed
from wickstream.exchange.local.market.career import BREAK, TRADING
from wickstream.exchange.local.market.history import History
from wickstream.exchange.local.market.instruments import Instrument
from wickstream.exchange.local.market.world import World

_BUNDLED = Path(__file__).parents[1] / "captures" / "symbols.json"
_QUOTES = ("FDUSD", "USDT", "USDC", "TUSD", "BUSD", "BTC", "ETH", "BNB", "EUR", "TRY", "BRL", "JPY")
_PLACES = 8
_NEWER_ORDERS = (
    "otoAllowed",
    "opoAllowed",
    "allowTrailingStop",
    "cancelReplaceAllowed",
    "amendAllowed",
    "pegInstructionsAllowed",
)


class Listing:
    """Played symbols by their histories, then those that are listed and never trade."""

    def __init__(self, world: World) -> None:
        self._histories: Mapping[str, History] = world.histories
        self._rows = _rows(world)

    def status(self, symbol: str, now_ms: int) -> str | None:
        """What exchangeInfo says; None: no such symbol is listed now."""
        if history := self._histories.get(symbol):
            return history.status(now_ms)
        return BREAK if symbol in self._rows else None

    def row(self, symbol: str, now_ms: int) -> dict[str, Any] | None:
        """The entry of exchangeInfo; None: not listed now."""
        status = self.status(symbol, now_ms)
        return None if status is None else self._rows[symbol] | {"status": status}

    def rows(self, now_ms: int) -> Iterator[dict[str, Any]]:
        """All entries, played ones first."""
        return (row for symbol in self._rows if (row := self.row(symbol, now_ms)))


def _rows(world: World) -> dict[str, dict[str, Any]]:
    made_up = world.recording.instruments
    known = {pair.symbol: _made_up(pair) for pair in made_up} if made_up else _bundled()
    played = {symbol: known.get(symbol) or _unknown(symbol) for symbol in world.histories}
    return {symbol: _today(row) for symbol, row in (played | known).items()}


def _bundled() -> dict[str, dict[str, Any]]:
    rows: Iterable[dict[str, Any]] = msgspec.json.decode(_BUNDLED.read_bytes())
    return {row["symbol"]: row for row in rows}


def _today(row: dict[str, Any]) -> dict[str, Any]:
    """In today's shape: permissions moved into sets, and newer ways of ordering allowed, as they are on all symbols."""
    entry = row | {"permissions": [], "permissionSets": [row["permissions"]]} | dict.fromkeys(_NEWER_ORDERS, True)
    return entry | {"defaultSelfTradePreventionMode": "EXPIRE_MAKER", "allowedSelfTradePreventionModes": []}


def _unknown(symbol: str) -> dict[str, Any]:
    """For a symbol of which nothing is known but its trades."""
    quote = next((known for known in _QUOTES if symbol.endswith(known) and symbol != known), "")
    base = symbol.removesuffix(quote) if quote else symbol
    return _row(symbol, base, quote or "USDT", tick=1, step=1)


def _made_up(pair: Instrument) -> dict[str, Any]:
    return _row(pair.symbol, pair.base, pair.quote, tick=pair.tick, step=pair.step)


def _row(symbol: str, base: str, quote: str, *, tick: int, step: int) -> dict[str, Any]:
    precision = dict.fromkeys(("baseAssetPrecision", "quotePrecision", "quoteAssetPrecision"), _PLACES)
    ticks, steps = fixed(tick, _PLACES), fixed(step, _PLACES)
    return {
        "symbol": symbol,
        "status": TRADING,
        "baseAsset": base,
        "quoteAsset": quote,
        **precision,
        "baseCommissionPrecision": _PLACES,
        "quoteCommissionPrecision": _PLACES,
        "orderTypes": ["LIMIT", "MARKET"],
        "icebergAllowed": True,
        "ocoAllowed": True,
        "quoteOrderQtyMarketAllowed": True,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": ticks,
                "maxPrice": "1000000.00000000",
                "tickSize": ticks,
            },
            {"filterType": "LOT_SIZE", "minQty": steps, "maxQty": "92141578.00000000", "stepSize": steps},
        ],
        "permissions": ["SPOT"],
    }
