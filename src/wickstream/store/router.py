"""One series over three tiers."""

from dataclasses import dataclass
from decimal import Decimal

from wickstream.candle import Candle
from wickstream.events import Ticker


@dataclass(frozen=True)
class Series:
    """Candles of one symbol in order of time, and how far they can be trusted."""

    candles: tuple[Candle, ...]
    complete: bool
    sources: tuple[str, ...]
    as_of_ms: int | None
    lag_ms: int | None


@dataclass(frozen=True)
class Quote:
    """One symbol as the live lane sees it now."""

    symbol: str
    last_price: Decimal | None
    ticker: Ticker | None
    age_ms: int | None


@dataclass(frozen=True)
class Board:
    """All symbols, in the order of the settings."""

    rows: tuple[Quote, ...]
    sources: tuple[str, ...]
    as_of_ms: int | None
    lag_ms: int | None
