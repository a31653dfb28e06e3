"""Small candles and tickers, the same in every test."""

from decimal import Decimal

from wickstream.candle import Candle, Origin
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
