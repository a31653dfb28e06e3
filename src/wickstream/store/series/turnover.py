"""What was traded of a symbol within a window: from its ticker, or minute by minute from its candles. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import reduce

import msgspec

from wickstream.candle import EXACT, NOTHING, Candle, Origin, window_start
from wickstream.events import MINUTE_MS, Ticker
from wickstream.store.hot.hour import HotHour
from wickstream.store.series.board import Moment
from wickstream.store.series.plan import Plan, hot_suffices

MINUTES = 60
_THREE_PLACES = Decimal("0.001")  # of a percentage, as the exchange writes it


@dataclass(frozen=True)
class Turnover:
    """One symbol's.

    Attributes:
        last_price: at the end of the window; None: nothing was ever traded.
        change_pct: from the window's first price to its last; None: there is none.
        closes: each minute's open time (ms) and close, in order of time; of an hour only.
    """

    symbol: str
    quote_volume: Decimal
    trade_count: int
    last_price: Decimal | None
    change_pct: Decimal | None
    closes: Sequence[tuple[int, Decimal]] = ()


class Basis(StrEnum):
    """What a turnover was taken from."""

    TICKERS = "tickers"  # the exchange's own rolling 24 hours
    CANDLES = "candles"  # ours, with the forming one


@dataclass(frozen=True)
class Turnovers:
    """What was traded of each symbol of which there is something.

    Attributes:
        complete: it is there of every symbol that is followed, in full.
        away: tiers that may hold what lacks and did not answer.
    """

    rows: Sequence[Turnover]
    basis: Basis
    complete: bool
    sources: Sequence[str]
    moment: Moment
    away: Sequence[str] = ()


class TradedMinute(msgspec.Struct, frozen=True, gc=False):
    """Of a candle as much as is needed to add up what was traded, and to tell which of two is the newer."""

    open_time: int
    open: Decimal
    close: Decimal
    quote_volume: Decimal
    trade_count: int
    closed: bool
    revision: int
    origin: str

    @classmethod
    def of(cls, candle: Candle) -> "TradedMinute":
        """The same of a whole candle."""
        return cls(*(getattr(candle, name) for name in cls.__struct_fields__))

    @property
    def version(self) -> tuple[int, bool, int, bool]:
        """Of two of a minute the larger one counts, as `candle.supersedes` says."""
        return (self.revision, self.closed, self.trade_count, self.origin == Origin.TRADES)


_row = msgspec.json.Decoder(TradedMinute)


@dataclass(frozen=True)
class Window:
    """The minute of now, and the 59 before it."""

    first_ms: int
    last_ms: int

    @classmethod
    def until(cls, now_ms: int) -> "Window":
        """The one that ends with what is forming."""
        last_ms = window_start(now_ms, "1m")
        return cls(last_ms - (MINUTES - 1) * MINUTE_MS, last_ms)

    def is_in(self, hour: HotHour, now_ms: int | None) -> bool:
        """Tell whether the hot hour holds all of it."""
        return hot_suffices(Plan(self.first_ms, self.last_ms, MINUTES, backward=False), hour, now_ms)

    def holds(self, minute: TradedMinute) -> bool:
        """Tell whether it lies within."""
        return self.first_ms <= minute.open_time <= self.last_ms


@dataclass(frozen=True)
class Parts:
    """One symbol's minutes of a window, as the tiers have them.

    Attributes:
        halts: open times (ms) of minutes in which it was not traded.
    """

    hot: Sequence[TradedMinute] = ()
    warm: Sequence[TradedMinute] = ()
    lane: Sequence[TradedMinute] = ()
    halts: frozenset[int] = field(default_factory=frozenset)

    @property
    def minutes(self) -> list[TradedMinute]:
        """All of them, some more than once."""
        return [*self.hot, *self.warm, *self.lane]

    @property
    def tiers(self) -> set[str]:
        """Those that have some of it."""
        return {tier for tier in ("hot", "warm", "lane") if getattr(self, tier)}

    def are_whole(self, window: Window) -> bool:
        """Tell whether every ended minute of the window is closed or a halt."""
        settled = {minute.open_time for minute in self.minutes if minute.closed} | self.halts
        return settled.issuperset(range(window.first_ms, window.last_ms, MINUTE_MS))


def of_ticker(ticker: Ticker, last_price: Decimal | None) -> Turnover:
    """Of 24 hours; the price may be newer than the ticker, the change is the exchange's own."""
    return Turnover(ticker.symbol, ticker.quote_volume, ticker.trade_count, last_price, ticker.price_change_pct)


def minutes_in(hour: HotHour, window: Window) -> list[TradedMinute]:
    """Those of the hot hour that lie in the window; rows are in order of time, the newest 61 are more than enough."""
    rows = [*hour.closed.rows[-MINUTES - 1 :], *hour.opened.rows]
    return list(filter(window.holds, map(_row.decode, rows)))


def added_up(symbol: str, minutes: Iterable[TradedMinute]) -> Turnover:
    """Of all that there is, each minute once, in its newest version."""
    newest: dict[int, TradedMinute] = {}
    for minute in minutes:
        held = newest.get(minute.open_time)
        if held is None or minute.version > held.version:
            newest[minute.open_time] = minute
    if not newest:
        return Turnover(symbol, NOTHING, 0, None, None)
    first, last = newest[min(newest)], newest[max(newest)]
    return Turnover(
        symbol,
        quote_volume=reduce(EXACT.add, (minute.quote_volume for minute in newest.values()), NOTHING),
        trade_count=sum(minute.trade_count for minute in newest.values()),
        last_price=last.close,
        change_pct=change_pct(first.open, last.close),
        closes=[(open_time, newest[open_time].close) for open_time in sorted(newest)],
    )


def change_pct(first: Decimal, last: Decimal) -> Decimal | None:
    """Percent, with as many places as the exchange gives them; None: from nothing."""
    if not first:
        return None
    return EXACT.quantize(EXACT.divide(EXACT.multiply(EXACT.subtract(last, first), 100), first), _THREE_PLACES)
