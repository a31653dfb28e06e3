"""Each symbol's thresholds, as the judges of alerts see them."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Protocol

from wickstream.config import Settings
from wickstream.events import Gap
from wickstream.stream.thresholds import ThresholdRow, thresholds


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
