"""Each symbol's thresholds, as the judges of alerts see them."""

from collections.abc import Iterable
from decimal import ROUND_DOWN, Decimal
from typing import Protocol

import msgspec

from wickstream.candle import EXACT
from wickstream.config import Settings
from wickstream.events import Gap
from wickstream.stream.thresholds import ThresholdRow, thresholds

_PLACES = Decimal("1e-16")
_OUT_OF_REACH = Decimal(10) ** 22 - 1  # the largest that a DECIMAL(38,16) holds


class Market(Protocol):
    """What judges ask of `MarketView`."""

    def thresholds(self) -> tuple[ThresholdRow, ...]:
        """One row a symbol."""
        ...

    def open_holes(self, symbol: str) -> tuple[Gap, ...]:
        """The symbol's open entries of `feed_gaps`."""
        ...


class Measures:
    """The thresholds of one batch."""

    def __init__(self, settings: Settings, rows: Iterable[ThresholdRow]) -> None:
        self._settings = settings
        self._rows = {row.symbol: row for row in rows}

    def of(self, symbol: str) -> ThresholdRow:
        """The symbol's row; until it has a price, what the settings alone say."""
        if symbol not in self._rows:  # only this one: of the others more is known than the settings
            rows = thresholds(self._settings, {symbol: Decimal(0)}, {})
            self._rows[symbol] = next(row for row in rows if row.symbol == symbol)
        return self._rows[symbol]

    def whales_in_quote_asset(self) -> str:
        """A JSON object by symbol: the quote value that all whales are above, and perhaps a little more than they."""
        floors = {symbol: f"{_in_quote_asset(row):f}" for symbol, row in self._rows.items()}
        return msgspec.json.encode(floors).decode()


def _in_quote_asset(row: ThresholdRow) -> Decimal:
    if row.usd_per_quote is None:
        return _OUT_OF_REACH
    exact = EXACT.divide(row.whale_usd, row.usd_per_quote)
    return min(exact.quantize(_PLACES, rounding=ROUND_DOWN, context=EXACT), _OUT_OF_REACH)
