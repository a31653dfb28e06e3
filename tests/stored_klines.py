"""What is stored of the captures, beside the exchange's own klines of them."""

from decimal import Decimal

import psycopg

from tests.spark.published_market import official_klines
from tests.tier_contents import read_warm
from wickstream.candle import Candle, roll_up
from wickstream.config import Settings

NUMBERS = ("open", "high", "low", "close", "volume", "quote_volume", "trade_count", "taker_buy_volume",
           "taker_buy_quote_volume")  # fmt: skip


def closed(settings: Settings, symbol: str) -> list[Candle]:
    """Its closed minutes."""
    return [candle for candle in read_warm(settings, symbol) if candle.closed]


def closed_minutes(conn: psycopg.Connection) -> int:
    """Over all symbols."""
    [(count,)] = conn.execute("SELECT count(*) FROM candles WHERE closed").fetchall()
    return int(count)


def official_minutes(name: str) -> list[int]:
    """Open times of the whole minutes of a capture."""
    return [int(row["open_time"]) for row in official_klines(name, "1m")]


def unlike(settings: Settings, name: str, symbol: str) -> list[str]:
    """The official klines of a capture, of one and of five minutes, that are not stored as they are."""
    minutes = closed(settings, symbol)
    ours = {(candle.interval, candle.open_time): candle for candle in (*minutes, *roll_up(minutes, "5m"))}
    rows = [*official_klines(name, "1m"), *official_klines(name, "5m")]
    return [f"{symbol} {row['open_time']}" for row in rows if not _is_like(ours.get(_key_of(row)), row)]


def _key_of(row: dict[str, str]) -> tuple[str, int]:
    return (row["interval"], int(row["open_time"]))


def _is_like(candle: Candle | None, row: dict[str, str]) -> bool:
    if candle is None or not candle.closed or candle.origin != "trades":
        return False
    return all(getattr(candle, name) == Decimal(row[name]) for name in NUMBERS if row[name])
