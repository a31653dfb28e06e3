"""Candles by the million: a walk a symbol, from a seed, as columns, and into the tiers without our own writers."""

import random
from collections.abc import Iterator, Sequence
from contextlib import closing
from decimal import Decimal
from itertools import product

import polars as pl
import psycopg
from deltalake import WriterProperties, write_deltalake
from msgspec.structs import replace
from psycopg import sql

from wickstream.candle import Candle, Origin, window_end, window_start
from wickstream.config import Settings
from wickstream.events import MINUTE_MS
from wickstream.store.cold.columns import MONTH, table_schema
from wickstream.store.cold.tables import candles_table
from wickstream.store.series.frames import SCHEMA, candles_of
from wickstream.store.warm.database import conninfo
from wickstream.store.warm.partitions import make_partitions
from wickstream.store.warm.writer import WarmWriter

BEGIN_MS = 1_704_067_200_000  # 2024-01-01
DAY_MINUTES = 1_440

_UNIT, _UNITS_PRODUCT = pl.lit(Decimal("1e-8")), pl.lit(Decimal("1e-16"))
_COPY = sql.SQL("COPY candles ({}) FROM STDIN (FORMAT csv)")


def candles(symbol: str, *, days: int, first_day: int = 0) -> pl.DataFrame:
    """Closed minutes of so many days from that day of 2024 on; a day's steps come again each day."""
    dice = random.Random(symbol)
    steps = [dice.randint(-(10**9), 10**9) for _ in range(DAY_MINUTES)]
    volumes = [dice.randint(10**8, 10**11) for _ in range(DAY_MINUTES)]
    counts = [dice.randint(100, 3_000) for _ in range(DAY_MINUTES)]
    rows = pl.DataFrame({"step": steps * days, "volume": volumes * days, "trade_count": counts * days})
    walk = rows.with_columns(
        close=6 * 10**12 + first_day * sum(steps) + pl.col("step").cum_sum(),
        last_trade_id=10**9 + first_day * sum(counts) + pl.col("trade_count").cum_sum() - 1,
        open_time=BEGIN_MS + MINUTE_MS * (first_day * DAY_MINUTES + pl.int_range(pl.len())),
    ).with_columns(open=pl.col("close") - pl.col("step"), taken=pl.col("volume") * 2 // 5)
    high, low = pl.max_horizontal("open", "close") + 12_345, pl.min_horizontal("open", "close") - 54_321
    return walk.select(
        pl.lit(symbol).alias("symbol"),
        pl.lit("1m").alias("interval"),
        "open_time",
        (pl.col("open_time") + MINUTE_MS - 1).alias("close_time"),
        *(_amount(units).alias(name) for name, units in
          {"open": pl.col("open"), "high": high, "low": low, "close": pl.col("close"), "volume": pl.col("volume"),
           "taker_buy_volume": pl.col("taken")}.items()),
        _product("close", "volume").alias("quote_volume"),
        _product("close", "taken").alias("taker_buy_quote_volume"),
        "trade_count",
        (pl.col("last_trade_id") - pl.col("trade_count") + 1).alias("first_trade_id"),
        "last_trade_id",
        pl.lit(value=True).alias("closed"),
        pl.lit(0).alias("revision"),
        pl.lit(Origin.TRADES.value).alias("origin"),
        (pl.col("open_time") + MINUTE_MS + 500).alias("published_at"),
    ).select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())  # fmt: skip


def _amount(units: pl.Expr) -> pl.Expr:
    return units.cast(pl.Decimal(38, 0)) * _UNIT


def _product(price: str, quantity: str) -> pl.Expr:
    return pl.col(price).cast(pl.Decimal(38, 0)) * pl.col(quantity).cast(pl.Decimal(38, 0)) * _UNITS_PRODUCT


def into_warm(settings: Settings, frames: list[pl.DataFrame]) -> None:
    """As the lifecycle leaves them: of ended days each symbol's rows lie together; the newest day, which has not ended,
    is as the writer leaves it, minute by minute over all symbols, each candle open before it is closed. Vacuumed.
    """
    columns = sql.SQL(", ").join(map(sql.Identifier, SCHEMA))
    ended = len(frames[0]) // DAY_MINUTES - 1
    with psycopg.connect(conninfo(settings), autocommit=True) as conn:
        for month in sorted({window_start(at, "1M") for frame in frames for at in frame["open_time"][::DAY_MINUTES]}):
            make_partitions(conn, month)
        with conn.cursor().copy(_COPY.format(columns)) as copy:
            for day, frame in product(range(ended), frames):
                rows = frame.slice(day * DAY_MINUTES, DAY_MINUTES)
                copy.write(rows.write_csv(include_header=False).encode())
        _written(settings, [candles_of(frame.tail(DAY_MINUTES)) for frame in frames])
        conn.execute("VACUUM (ANALYZE) candles")


def _written(settings: Settings, by_symbol: list[list[Candle]]) -> None:
    with closing(WarmWriter(settings)) as writer:
        for candles_of_minute in zip(*by_symbol, strict=True):
            writer.write([replace(candle, closed=False, trade_count=1) for candle in candles_of_minute])
            writer.write(candles_of_minute)


def into_cold(settings: Settings, symbols: Sequence[str], *, days: int) -> None:
    """As the lifecycle leaves them: a file a month, by symbol and time, a symbol's month in one or two groups of it."""
    names = [field.name for field in table_schema().fields]
    table = candles_table(settings).made()
    for first_day, of_month in _months(days):
        rows = pl.concat(candles(symbol, days=of_month, first_day=first_day) for symbol in sorted(symbols))
        narrower = (pl.col(name).cast(pl.Decimal(28, 8)) for name in ("volume", "taker_buy_volume"))
        month = pl.from_epoch("open_time", time_unit="ms").dt.strftime("%Y-%m").alias(MONTH)
        write_deltalake(
            table,
            rows.with_columns(*narrower, month).select(names),
            mode="append",
            target_file_size=2**31,
            writer_properties=WriterProperties(compression="ZSTD", max_row_group_size=64 * 1_024),
        )


def _months(days: int) -> Iterator[tuple[int, int]]:
    """First day and number of days of each."""
    day_ms, at = DAY_MINUTES * MINUTE_MS, 0
    while at < days:
        after = (window_end(window_start(BEGIN_MS + at * day_ms, "1M"), "1M") - BEGIN_MS) // day_ms
        yield at, min(after, days) - at
        at = after
