"""What is shown of symbols now, and when now is. Pure."""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, Self

from wickstream.events import Ticker
from wickstream.store.lane.live import Clock, Now


class Moment(NamedTuple):
    """The exchange's now (ms), its newest trade, and how far that lies behind; None: nobody says."""

    now_ms: int | None = None
    as_of_ms: int | None = None
    lag_ms: int | None = None

    @classmethod
    def of(cls, clock: Clock | None, process_ms: int, *, stands_still: bool) -> Self:
        """As the live lane's clock tells it."""
        if clock is None:
            return cls()
        now_ms = clock.now_ms(process_ms, stands_still=stands_still)
        return cls(now_ms, clock.traded_at_ms, lag(clock.traded_at_ms, now_ms))


@dataclass(frozen=True)
class Quote:
    """One symbol as the live lane sees it now."""

    symbol: str
    last_price: Decimal | None
    ticker: Ticker | None
    age_ms: int | None


@dataclass(frozen=True)
class Board:
    """All symbols, in the order of the settings; others that were heard of come after."""

    rows: tuple[Quote, ...]
    sources: tuple[str, ...]
    as_of_ms: int | None
    lag_ms: int | None


def quote(now: Now, now_ms: int | None) -> Quote:
    """Its row of the board."""
    return Quote(now.symbol, price_of(now), now.ticker, lag(heard_at_ms(now), now_ms))


def price_of(now: Now) -> Decimal | None:
    """Of the newest trade that either trades or tickers tell of."""
    price, ticker = now.price, now.ticker
    if ticker and ticker.last_trade_id > (price.trade_id if price else -1):
        return ticker.last_price
    return price.price if price else None


def heard_at_ms(now: Now) -> int | None:
    """The exchange's time of the newest ticker or trade."""
    times = [now.price.traded_at_ms] if now.price else []
    return max(times + ([now.ticker.event_at_ms] if now.ticker else []), default=None)


def lag(at_ms: int | None, now_ms: int | None) -> int | None:
    """How long ago it was."""
    return None if at_ms is None or now_ms is None else max(0, now_ms - at_ms)
