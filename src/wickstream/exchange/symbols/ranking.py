"""What a rule chooses: from the exchange's list of symbols and its 24-hour figures. Pure."""

from collections.abc import Collection, Mapping
from decimal import Decimal

from wickstream.binance.rest import RestTicker, SymbolInfo
from wickstream.selection import Rule

TRADING = "TRADING"
UNIT = "USDT"  # what volumes are compared in
HELD_PLACE = Decimal("1.2")  # who is followed keeps its place until another has a fifth more: no coming and going

Listing = Mapping[str, SymbolInfo]
Tickers = Mapping[str, RestTicker]


def pick(rule: Rule, listing: Listing, tickers: Tickers, *, followed: Collection[str]) -> frozenset[str]:
    """The symbols a rule chooses: in spot trading now, or followed already and still listed for it.

    A halt is no reason to lose a place.
    """
    able = [info for info in listing.values() if info.is_spot and (info.status == TRADING or info.symbol in followed)]
    names = [info.symbol for info in able if rule.quote in (None, info.quote_asset)]
    if rule.top is None:
        return frozenset(names)
    volumes = volumes_in_one_unit(listing, tickers)

    def place(symbol: str) -> tuple[Decimal, str]:
        volume = volumes.get(symbol, Decimal(0))
        return -volume * (HELD_PLACE if symbol in followed else 1), symbol

    return frozenset(sorted(names, key=place)[: rule.top])


def volumes_in_one_unit(listing: Listing, tickers: Tickers) -> dict[str, Decimal]:
    """Each symbol's quote volume over 24 hours in `UNIT`; those whose quote asset has no price in it are left out."""
    prices = prices_of_assets(listing, tickers)
    return {
        symbol: ticker.quote_volume * prices[listing[symbol].quote_asset]
        for symbol, ticker in tickers.items()
        if symbol in listing and listing[symbol].quote_asset in prices and ticker.quote_volume.is_finite()
    }


def prices_of_assets(listing: Listing, tickers: Tickers) -> dict[str, Decimal]:
    """What an asset is worth in `UNIT` by the last prices of symbols that trade: directly, else over the fewest others.

    Of several ways of the same length the one last in the alphabet counts: exact enough to rank by.
    """
    priced = sorted(
        (info.symbol, info.base_asset, info.quote_asset, tickers[info.symbol].last_price)
        for info in listing.values()
        if info.status == TRADING and info.symbol in tickers
    )
    known = {UNIT: Decimal(1)}
    while True:
        found: dict[str, Decimal] = {}
        for _, base, quote, price in priced:
            if not (price.is_finite() and price > 0):
                continue
            if quote in known and base not in known:
                found[base] = price * known[quote]
            elif base in known and quote not in known:
                found[quote] = known[base] / price
        if not found:
            return known
        known |= found
