"""From when on something is an alert, symbol by symbol: of settings, prices and usual minutes. Pure."""

from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_EVEN, Decimal

import msgspec

from wickstream.candle import EXACT
from wickstream.config import Settings
from wickstream.events import AlertType
from wickstream.quotes import Prices, quote_asset, usd_per
from wickstream.stream.minute_history import UsualMinute
from wickstream.threshold_settings import MOST_USD, AlertMode

LEAST_MINUTES = 60  # with fewer a symbol has no habits yet

# An adaptive threshold is at least so much of the fixed one: a coin that hardly trades would alert at each trade.
_FLOOR_USD = Decimal("0.05")
_FLOOR_PCT = Decimal("0.25")

_CENT = Decimal("0.01")
_PCT_PLACES = Decimal("0.0001")

_FIELDS = {
    AlertType.WHALE: "whale_usd",
    AlertType.VOLUME_SPIKE: "volume_spike_usd",
    AlertType.PRICE_SPIKE: "price_spike_pct",
}


class ThresholdRow(msgspec.Struct, frozen=True):
    """One symbol's; what is above is an alert."""

    symbol: str
    usd_per_quote: Decimal | None  # ten decimals; None: no price leads to it, so no alert by dollars
    whale_usd: Decimal  # for sweeps too
    volume_spike_usd: Decimal
    price_spike_pct: Decimal


def thresholds(settings: Settings, prices: Prices, usual: Mapping[str, UsualMinute]) -> Iterator[ThresholdRow]:
    """A row for each symbol that has a price or is named in the settings, in the order of their names.

    A threshold that the settings name for a symbol counts in adaptive mode too.
    """
    chosen = settings.symbol_thresholds
    for symbol in sorted({*prices, *settings.named_symbols, *(symbol for _, symbol in chosen)}):
        asset = quote_asset(symbol)
        rate = None if asset is None else usd_per(asset, prices)
        row = _row(settings, symbol, rate, usual.get(symbol))
        own = {_FIELDS[kind]: amount for (kind, of), amount in chosen.items() if of == symbol}
        yield msgspec.structs.replace(row, **own)


def _row(settings: Settings, symbol: str, rate: Decimal | None, usual: UsualMinute | None) -> ThresholdRow:
    whale, volume, price = settings.whale_usd, settings.volume_spike_usd, settings.price_spike_pct
    if settings.alert_mode is AlertMode.ADAPTIVE and usual is not None and usual.minutes >= LEAST_MINUTES:
        # A trade is measured by the minutes' volume too: one that outweighs them all is a whale.
        in_usd = EXACT.multiply(usual.quote_volume.limit(settings.alert_z), rate or Decimal(0))
        whale, volume = (_adaptive(min(in_usd, MOST_USD), fixed * _FLOOR_USD, _CENT) for fixed in (whale, volume))
        price = _adaptive(usual.move_pct.limit(settings.alert_z), price * _FLOOR_PCT, _PCT_PLACES)
    return ThresholdRow(symbol, rate, whale, volume, price)


def _adaptive(limit: Decimal, floor: Decimal, step: Decimal) -> Decimal:
    return max(limit, floor, step).quantize(step, rounding=ROUND_HALF_EVEN, context=EXACT)
