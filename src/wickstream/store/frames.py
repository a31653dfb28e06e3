"""Candles as columns with exact decimals: how the cold tier holds them, in a form that any reader of Parquet knows."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import polars as pl
from deltalake import Field, Schema
from deltalake.schema import PrimitiveType

from wickstream.candle import EXCHANGE_FIELDS, Candle, Origin

MONTH = "month"  # of open_time, as 2024-08: what the table is partitioned by
_LAST_MS = 253_402_300_799_000  # the end of the year 9999; datetime knows none after it
KEY = ("symbol", "interval", "open_time")

PRICE = pl.Decimal(20, 8)
VOLUME = pl.Decimal(28, 8)
QUOTE = pl.Decimal(38, 16)  # price × quantity, of eight decimals each

_TYPES: Mapping[str, type[pl.DataType] | pl.DataType] = {
    "symbol": pl.String,
    "interval": pl.String,
    "open_time": pl.Int64,
    "close_time": pl.Int64,
    "open": PRICE,
    "high": PRICE,
    "low": PRICE,
    "close": PRICE,
    "volume": VOLUME,
    "quote_volume": QUOTE,
    "trade_count": pl.Int64,
    "taker_buy_volume": VOLUME,
    "taker_buy_quote_volume": QUOTE,
    "first_trade_id": pl.Int64,
    "last_trade_id": pl.Int64,
    "closed": pl.Boolean,
    "revision": pl.Int32,
    "origin": pl.String,
    "published_at": pl.Int64,
}


_DELTA_NAMES = {pl.String: "string", pl.Int64: "long", pl.Int32: "integer", pl.Boolean: "boolean"}


def table_schema() -> Schema:
    """The columns as the table declares them."""
    columns = [*_TYPES.items(), (MONTH, pl.String)]
    return Schema([Field(name, PrimitiveType(_delta_name(dtype))) for name, dtype in columns])


def _delta_name(dtype: type[pl.DataType] | pl.DataType) -> str:
    if isinstance(dtype, pl.Decimal):
        return f"decimal({dtype.precision},{dtype.scale})"
    return next(name for kind, name in _DELTA_NAMES.items() if dtype == kind)


def frame_of(candles: Sequence[Candle]) -> pl.DataFrame:
    """One row a candle, and its month."""
    columns: dict[str, pl.Series] = {
        name: pl.Series(name, [getattr(candle, name) for candle in candles], dtype=dtype)
        for name, dtype in _TYPES.items()
    }
    return pl.DataFrame(columns | {MONTH: pl.Series(MONTH, [month_of(c.open_time) for c in candles], dtype=pl.String)})


def candles_of(frame: pl.DataFrame) -> list[Candle]:
    """The candles of such rows, in their order."""
    rows = frame.select(_TYPES.keys()).with_columns(pl.col("origin").cast(pl.String)).iter_rows(named=True)
    return [Candle(**row | {"origin": Origin(row["origin"])}) for row in rows]


def month_of(time_ms: int) -> str:
    """The month of a time, as 2024-08; an end of a range may lie anywhere."""
    return f"{datetime.fromtimestamp(max(0, min(time_ms, _LAST_MS)) / 1_000, UTC):%Y-%m}"


def contradictions(new: pl.DataFrame, held: pl.LazyFrame) -> int:
    """How many of the new rows have the version of the held row of their key, and other values of the exchange's."""
    version = ("revision", "closed", "trade_count")
    pairs = held.join(new.lazy(), on=[*KEY, *version], suffix="_new")
    facts = [name for name in EXCHANGE_FIELDS if name not in (*KEY, *version)]
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_new")) for name in facts)
    return pairs.filter(differs).collect().height
