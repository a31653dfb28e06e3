"""What was traded, symbol beside symbol: ranked, and added up. Pure.

Volumes of different quote assets are never added up; they are ranked by what they are worth in US dollars.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from itertools import groupby

from wickstream.candle import EXACT, NOTHING
from wickstream.quotes import Prices, quote_asset, usd_per
from wickstream.store.lane.pulse import Pulse
from wickstream.store.series.market_reads import Vital
from wickstream.store.series.turnover import Turnover

_CENT = Decimal("0.01")

Order = Callable[["Ranked"], tuple[object, ...]]


@dataclass(frozen=True)
class Ranked:
    """A symbol's turnover, and what it is worth.

    Attributes:
        quote_asset: None: the name does not tell.
        usd_volume: None: no price leads from the quote asset to dollars.
    """

    turnover: Turnover
    quote_asset: str | None
    usd_volume: Decimal | None


@dataclass(frozen=True)
class QuoteTotal:
    """All that was traded against one asset."""

    quote_asset: str | None
    symbols: int
    quote_volume: Decimal
    trade_count: int


def by_trades(row: Ranked) -> tuple[object, ...]:
    """The most trades first."""
    return (-row.turnover.trade_count, row.turnover.symbol)


def by_volume(row: Ranked) -> tuple[object, ...]:
    """What is worth most first; what nobody can value last, of that the larger number first."""
    worth = row.usd_volume
    return (worth is None, -(row.turnover.quote_volume if worth is None else worth), row.turnover.symbol)


def ranked(rows: Iterable[Turnover], order: Order) -> list[Ranked]:
    """In that order, each valued by the prices of the others."""
    held = list(rows)
    prices = {row.symbol: row.last_price for row in held if row.last_price is not None}
    return sorted((_valued(row, prices) for row in held), key=order)


def _valued(row: Turnover, prices: Prices) -> Ranked:
    asset = quote_asset(row.symbol)
    rate = usd_per(asset, prices) if asset else None
    worth = None if rate is None else EXACT.quantize(EXACT.multiply(row.quote_volume, rate), _CENT)
    return Ranked(row, asset, worth)


def totals(rows: Iterable[Turnover]) -> list[QuoteTotal]:
    """One a quote asset, by name; what the name does not tell comes last."""

    def asset_of(row: Turnover) -> tuple[bool, str]:
        asset = quote_asset(row.symbol)
        return (asset is None, asset or "")

    return [
        _total(asset or None, list(group)) for (_, asset), group in groupby(sorted(rows, key=asset_of), key=asset_of)
    ]


def _total(asset: str | None, rows: Sequence[Turnover]) -> QuoteTotal:
    return QuoteTotal(
        asset,
        symbols=len(rows),
        quote_volume=reduce(EXACT.add, (row.quote_volume for row in rows), NOTHING),
        trade_count=sum(row.trade_count for row in rows),
    )


@dataclass(frozen=True)
class Moves:
    """How many went up, down or stayed, and which moved most; None: nothing moved, because nothing is known."""

    up: int
    down: int
    flat: int
    gainer: Turnover | None
    loser: Turnover | None


def moves(rows: Iterable[Turnover]) -> Moves:
    """Of those whose change is known; of equal ones the first by name."""
    known = sorted(
        ((row.change_pct, row.symbol, row) for row in rows if row.change_pct is not None), key=lambda one: one[:2]
    )
    changes = [change for change, _, _ in known]
    return Moves(
        up=sum(change > 0 for change in changes),
        down=sum(change < 0 for change in changes),
        flat=sum(change == 0 for change in changes),
        gainer=min(known, key=lambda one: (-one[0], one[1]))[2] if known else None,
        loser=known[0][2] if known else None,
    )


def stalest_of(rows: Iterable[Vital]) -> Vital | None:
    """Of which nothing was heard at all, else not for longest; what is halted is not to be heard of."""
    awaited = [row for row in rows if row.pulse is not Pulse.HALTED]
    return min(awaited, key=lambda row: -1 if row.heard_at_ms is None else row.heard_at_ms, default=None)
