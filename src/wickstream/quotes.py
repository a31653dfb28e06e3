"""What a symbol is quoted in, and what that is worth in US dollars by the prices of other symbols. Pure."""

from collections.abc import Callable, Iterable, Mapping
from decimal import ROUND_HALF_EVEN, Decimal

from wickstream.candle import EXACT

Prices = Mapping[str, Decimal]  # by symbol

# Taken as a dollar each, whatever they trade at; the first ones lead to the deepest markets.
USD_LIKES = ("USDT", "USDC", "FDUSD", "TUSD", "BUSD", "USD1", "USDP", "USDS", "PAX", "DAI", "RLUSD", "XUSD", "USD")

# What else the exchange has ever quoted in. The name of a symbol is all there is to tell it by.
_OTHERS = (
    "BTC", "ETH", "BNB", "SOL", "XRP", "TRX", "DOGE", "DOT", "EUR", "EURI", "GBP", "AUD", "TRY", "BRL", "JPY", "ARS",
    "MXN", "COP", "PLN", "RON", "CZK", "UAH", "RUB", "ZAR", "NGN", "KZT", "IDR", "IDRT", "BIDR", "BKRW", "BVND", "GYEN",
    "VAI", "UST",
)  # fmt: skip
QUOTE_ASSETS = sorted((*USD_LIKES, *_OTHERS), key=len, reverse=True)

# Assets that are traded against money of all kinds: a way from one money to another.
_BRIDGES = ("BTC", "ETH", "BNB")

_DOLLAR = Decimal(1)
_PLACES = Decimal("1e-10")
_TOO_MUCH = Decimal("1e10")


def quote_asset(symbol: str) -> str | None:
    """`BTC` of `ETHBTC`, None where no known asset ends the name; of a dated future without its date."""
    name = symbol.partition("_")[0]
    return next((asset for asset in QUOTE_ASSETS if name.endswith(asset) and name != asset), None)


def usd_per(asset: str, prices: Prices) -> Decimal | None:
    """US dollars for one of `asset`, to ten decimals: directly, the other way round, or over a third asset.

    None if no price leads to it, or not to a sum between 0 and ten billion.
    """
    if asset in USD_LIKES:
        return _DOLLAR
    ways: tuple[Callable[[str, Prices], Decimal | None], ...] = (_price_in_usd, _inverse, _over_a_bridge)
    found = next((rate for way in ways if (rate := way(asset, prices)) is not None), None)
    if found is None or not found < _TOO_MUCH:
        return None
    return found.quantize(_PLACES, rounding=ROUND_HALF_EVEN, context=EXACT) or None


def _price_in_usd(asset: str, prices: Prices) -> Decimal | None:
    return _first_price((asset + usd for usd in USD_LIKES), prices)


def _inverse(asset: str, prices: Prices) -> Decimal | None:
    """As `USDTTRY` tells of the lira."""
    price = _first_price((usd + asset for usd in USD_LIKES), prices)
    return None if price is None else EXACT.divide(_DOLLAR, price)


def _over_a_bridge(asset: str, prices: Prices) -> Decimal | None:
    """As `BTCUSDT` and `BTCEUR` tell of the euro."""
    for bridge in _BRIDGES:
        in_asset, in_usd = _first_price([bridge + asset], prices), _price_in_usd(bridge, prices)
        if in_asset is not None and in_usd is not None:
            return EXACT.divide(in_usd, in_asset)
    return None


def _first_price(symbols: Iterable[str], prices: Prices) -> Decimal | None:
    return next((prices[symbol] for symbol in symbols if prices.get(symbol, 0) > 0), None)
