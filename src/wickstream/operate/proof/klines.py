"""The exchange's own klines, to hold against ours: asked of it, or out of a file."""

import asyncio
from pathlib import Path
from typing import Protocol

import polars as pl

from wickstream.binance.frames import MICROSECONDS_FROM
from wickstream.binance.weights import PAGE
from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.errors import Mistake
from wickstream.events import MINUTE_MS
from wickstream.exchange.rest.client import ExchangeClient
from wickstream.operate.proof.agreement import FACTS, KEY
from wickstream.store.series.frames import SCHEMA, frame_of

_ARCHIVE = (  # as in the exchange's daily files, which have no names
    *("open_time", "open", "high", "low", "close", "volume", "close_time", "quote_volume", "trade_count"),
    *("taker_buy_volume", "taker_buy_quote_volume", "ignored"),
)


class Klines(Protocol):
    """Closed klines of one symbol by open time (ms), both ends inclusive, as columns."""

    def between(self, symbol: str, first_ms: int, last_ms: int) -> pl.DataFrame: ...


class AskedKlines:
    """Of the exchange, within its weight budget. Every question may raise ExchangeError."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def between(self, symbol: str, first_ms: int, last_ms: int) -> pl.DataFrame:
        """Page by page."""
        return frame_of(asyncio.run(self._ask(symbol, first_ms, last_ms)))

    async def _ask(self, symbol: str, first_ms: int, last_ms: int) -> list[Candle]:
        found: list[Candle] = []
        async with ExchangeClient(self._settings) as client:
            now_ms, from_ms = await client.time_ms(), first_ms
            while from_ms <= last_ms:
                page = await client.klines(symbol, from_ms, now_ms=now_ms)
                found += [kline for kline in page if kline.closed and kline.open_time <= last_ms]
                if len(page) < PAGE:
                    break
                from_ms = page[-1].open_time + MINUTE_MS
        return found


class FiledKlines:
    """Out of a CSV file: with our names in its first line, or without names as the exchange's daily files."""

    def __init__(self, file: Path, *, symbol: str | None) -> None:
        """`symbol`: whose klines these are, where no column says it.

        Raises:
            Mistake: If the file is not of that kind; says what it should be.
        """
        try:
            self._rows = _read(file, symbol)
        except (OSError, pl.exceptions.PolarsError) as exc:
            raise Mistake(f"--against {file}: {str(exc).partition(chr(10))[0]}") from exc

    def between(self, symbol: str, first_ms: int, last_ms: int) -> pl.DataFrame:
        """What the file has of it."""
        return self._rows.filter(pl.col("symbol") == symbol, pl.col("open_time").is_between(first_ms, last_ms))


def _read(file: Path, symbol: str | None) -> pl.DataFrame:
    with file.open(encoding="utf-8") as lines:
        has_names = not lines.readline(1)[:1].isdigit()
    names = None if has_names else list(_ARCHIVE)
    rows = pl.read_csv(file, has_header=has_names, new_columns=names, infer_schema=False)
    if missing := sorted({"open_time", *FACTS} - {"close_time"} - set(rows.columns)):
        raise Mistake(f"--against {file}: no column {', '.join(missing)}")
    if "interval" in rows.columns:
        rows = rows.filter(pl.col("interval") == "1m")
    if "symbol" not in rows.columns:
        if symbol is None:
            raise Mistake(f"--against {file}: no column says of which symbol; name one with --symbols")
        rows = rows.with_columns(symbol=pl.lit(symbol))
    opened = pl.col("open_time").cast(pl.Int64)
    opened = pl.when(opened >= MICROSECONDS_FROM).then(opened // 1_000).otherwise(opened)  # of spot since 2025, µs
    ready = rows.with_columns(interval=pl.lit("1m"), open_time=opened, close_time=opened + MINUTE_MS - 1)
    return ready.select(pl.col(name).cast(SCHEMA[name]) for name in (*KEY, *FACTS))
