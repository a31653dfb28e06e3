"""The candles of `processed_aggs` that can be reckoned with; others the writer sets aside, and counts. Pure."""

from collections.abc import Iterable, Iterator

from wickstream.bus.codec import decode
from wickstream.candle import Candle
from wickstream.errors import Unpublishable
from wickstream.events import MINUTE_MS

# Beyond what a store takes, so that nothing is left out that is stored, and far from where exact sums end.
_LARGEST_EXPONENT = 24
_LATEST_MS = 2**31 * MINUTE_MS  # minutes are numbered with 32 bits

_AMOUNTS = ("open", "high", "low", "close", "volume", "quote_volume", "taker_buy_volume", "taker_buy_quote_volume")


def candles_in(values: Iterable[bytes | None]) -> Iterator[Candle]:
    """Those among the values of records, in their order."""
    for value in values:
        try:
            candle = decode(value, Candle)
        except Unpublishable:
            continue
        if _has_numbers(candle):
            yield candle


def _has_numbers(candle: Candle) -> bool:
    """Tell a candle from one that is of the right form and says `NaN`: it would end every query that compares it."""
    amounts = [getattr(candle, name) for name in _AMOUNTS]
    is_sane = all(amount.is_finite() and amount.adjusted() < _LARGEST_EXPONENT for amount in amounts)
    return is_sane and 0 <= candle.open_time < _LATEST_MS
