"""Tiers that answer from memory, and say so when they are told to be down."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal

from wickstream.candle import Candle, Origin
from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.events import MINUTE_MS, Ticker

MIDNIGHT_MS = 1_723_161_600_000  # 2024-08-09 00:00 UTC


def a_candle(minute: int = 0, *, symbol: str = "BTCUSDT", closed: bool = True) -> Candle:
    """A small candle of ten trades, `minute` minutes after midnight."""
    opened = MIDNIGHT_MS + minute * MINUTE_MS
    return Candle(
        symbol=symbol,
        interval="1m",
        open_time=opened,
        close_time=opened + MINUTE_MS - 1,
        open=Decimal(100),
        high=Decimal(103),
        low=Decimal(99),
        close=Decimal("102.5"),
        volume=Decimal(4),
        quote_volume=Decimal("404.4"),
        trade_count=10,
        taker_buy_volume=Decimal(1),
        taker_buy_quote_volume=Decimal("101.1"),
        first_trade_id=minute * 10 + 1,
        last_trade_id=minute * 10 + 10,
        closed=closed,
        revision=0,
        origin=Origin.TRADES,
        published_at=opened + MINUTE_MS,
    )


def a_ticker(symbol: str = "BTCUSDT") -> Ticker:
    """The 24 hours before midnight."""
    return Ticker(
        symbol=symbol,
        event_at_ms=MIDNIGHT_MS + 50,
        closed_at_ms=MIDNIGHT_MS,
        first_trade_id=1,
        last_trade_id=600,
        trade_count=600,
        last_price=Decimal("102.5"),
        open_price=Decimal(100),
        high_price=Decimal(103),
        low_price=Decimal(99),
        price_change=Decimal("2.5"),
        price_change_pct=Decimal("2.500"),
        volume=Decimal(40),
        quote_volume=Decimal(4_044),
    )


@dataclass(frozen=True)
class FakeSeries:
    """What `klines` gives."""

    candles: Sequence[Candle]
    complete: bool = True
    sources: Sequence[str] = ("hot",)
    as_of_ms: int | None = MIDNIGHT_MS
    lag_ms: int | None = 7


@dataclass(frozen=True)
class FakeRow:
    """One symbol of the board."""

    symbol: str
    last_price: Decimal | None
    ticker: Ticker | None
    age_ms: int | None


@dataclass(frozen=True)
class FakeBoard:
    """What `board` gives."""

    rows: Sequence[FakeRow]
    sources: Sequence[str] = ("hot",)
    as_of_ms: int | None = MIDNIGHT_MS
    lag_ms: int | None = 7


@dataclass
class FakeTiers:
    """BTCUSDT with three minutes, the last one forming; ETHUSDT that nothing was heard of."""

    down: bool = False
    asked: list[dict[str, object]] = field(default_factory=list)

    async def klines(
        self, symbol: str, interval: str, *, start: int | None, end: int | None, limit: int, closed_only: bool
    ) -> FakeSeries:
        self._answer_or_raise()
        self.asked.append({"symbol": symbol, "interval": interval, "start": start, "end": end, "limit": limit})
        candles = [a_candle(0), a_candle(1), a_candle(2, closed=False)]
        return FakeSeries([candle for candle in candles if candle.closed or not closed_only])

    async def board(self) -> FakeBoard:
        self._answer_or_raise()
        heard = FakeRow("BTCUSDT", Decimal("102.5"), a_ticker(), 40)
        return FakeBoard([heard, FakeRow("ETHUSDT", None, None, None)])

    async def known_symbols(self) -> Sequence[str]:
        return ("BTCUSDT", "ETHUSDT")

    async def tier_states(self) -> Mapping[str, int | None]:
        return {} if self.down else {"hot": MIDNIGHT_MS + MINUTE_MS, "warm": MIDNIGHT_MS + MINUTE_MS}

    @asynccontextmanager
    async def opened(self, _: Settings) -> AsyncIterator["FakeTiers"]:
        yield self

    def _answer_or_raise(self) -> None:
        if self.down:
            raise StoreBusy("no tier answers", retry_after_s=2)
