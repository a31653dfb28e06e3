"""Rows of the market routes: amounts as text."""

from decimal import Decimal
from typing import Any

from wickstream.candle import plain
from wickstream.events import MINUTE_MS
from wickstream.serve.reader import BoardRow
from wickstream.serve.v1.market_figures import QuoteTotal, Ranked
from wickstream.store.series.market_reads import Vital
from wickstream.store.series.turnover import Turnover


def board_row(row: BoardRow) -> dict[str, Any]:
    """Price and day; null is what nothing was heard of."""
    day = row.ticker
    return {
        "symbol": row.symbol,
        "last_price": _text(row.last_price),
        "price_change": day and plain(day.price_change),
        "price_change_pct": day and _percent(day.price_change_pct),
        "high_price": day and plain(day.high_price),
        "low_price": day and plain(day.low_price),
        "volume": day and plain(day.volume),
        "quote_volume": day and plain(day.quote_volume),
        "trade_count": day and day.trade_count,
        "age_ms": row.age_ms,
    }


def health_row(row: Vital | None) -> dict[str, Any]:
    """All nulls where there is no symbol."""
    return {
        "symbol": row and row.symbol,
        "status": row and row.pulse,
        "last_event_at": row and row.heard_at_ms,
        "last_trade_at": row and row.traded_at_ms,
        "age_ms": row and row.age_ms,
        "exchange_status": row and row.word,
    }


def top_row(row: Ranked) -> dict[str, Any]:
    """One symbol's turnover."""
    found = row.turnover
    return {
        "symbol": found.symbol,
        "last_price": _text(found.last_price),
        "price_change_pct": _percent(found.change_pct),
        "trade_count": found.trade_count,
        "quote_asset": row.quote_asset,
        "quote_volume": plain(found.quote_volume),
        "usd_volume": None if row.usd_volume is None else f"{row.usd_volume:f}",
    }


def sparkline_row(row: Turnover) -> dict[str, Any]:
    """One symbol's closes, minute by minute from its first on; null is a minute without a candle."""
    closes = dict(row.closes)
    minutes = range(min(closes), max(closes) + 1, MINUTE_MS)
    return {
        "symbol": row.symbol,
        "open_time": minutes.start,
        "closes": [_text(closes.get(open_time)) for open_time in minutes],
    }


def total_row(total: QuoteTotal) -> dict[str, Any]:
    """All that was traded against one asset."""
    return {
        "quote_asset": total.quote_asset,
        "symbols": total.symbols,
        "quote_volume": plain(total.quote_volume),
        "trade_count": total.trade_count,
    }


def move_row(row: Turnover | None) -> dict[str, Any]:
    """All nulls where nothing moved."""
    return {
        "symbol": row and row.symbol,
        "last_price": row and _text(row.last_price),
        "price_change_pct": row and _percent(row.change_pct),
    }


def _text(price: Decimal | None) -> str | None:
    return None if price is None else plain(price)


def _percent(change: Decimal | None) -> str | None:
    return None if change is None else f"{change:.3f}"  # places as the exchange writes them
