"""Trades as columns: those of the archive's table, which are those of frames that are added to it, and the day."""

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

import polars as pl
from deltalake import ColumnProperties, Field, Schema, WriterProperties
from deltalake.schema import PrimitiveType

from wickstream.binance.frames import AMOUNT_DIGITS, AMOUNT_PLACES, MICROSECONDS_FROM
from wickstream.events import Trade
from wickstream.store.cold.columns import PRICE

DAY = "day"  # UTC, of the trade's time, as 2024-08-09: what the table is partitioned by

AMOUNT = pl.Decimal(AMOUNT_DIGITS + AMOUNT_PLACES, AMOUNT_PLACES)
COLUMNS = pl.Schema(
    {
        "symbol": pl.String(),
        "trade_id": pl.Int64(),
        "price": AMOUNT,
        "quantity": AMOUNT,
        "traded_at_ms": pl.Int64(),
        "buyer_is_maker": pl.Boolean(),
        "counts": pl.Boolean(),
    }
)
AMOUNTS = ("price", "quantity")

_DELTA = {
    "symbol": "string",
    "trade_id": "long",
    "price": PRICE,
    "quantity": PRICE,
    "traded_at_ms": "long",
    "buyer_is_maker": "boolean",
    "counts": "boolean",
    DAY: "string",
}
_GROWING = ColumnProperties(dictionary_enabled=False, encoding="DELTA_BINARY_PACKED")

# Groups of rows so small that one symbol's ids are in few of them; they cost nothing in size.
WRITER = WriterProperties(
    compression="ZSTD",
    compression_level=3,
    max_row_group_size=131_072,
    column_properties={"trade_id": _GROWING, "traded_at_ms": _GROWING},
)


def table_schema() -> Schema:
    """The columns as the table declares them."""
    return Schema([Field(name, PrimitiveType(kind)) for name, kind in _DELTA.items()])


def frame_of(columns: Mapping[str, Sequence[Any]]) -> pl.DataFrame:
    """Columns of trades as the exchange writes them, amounts as text and times in ms or µs, as `COLUMNS`."""
    read = {name: pl.String() if name in AMOUNTS else kind for name, kind in COLUMNS.items()}
    time = pl.col("traded_at_ms")
    return pl.DataFrame(columns, schema=read).with_columns(
        pl.col(AMOUNTS).cast(AMOUNT),
        pl.when(time >= MICROSECONDS_FROM).then(time // 1_000).otherwise(time).alias("traded_at_ms"),
    )


def columns_of(trades: Iterable[Trade]) -> dict[str, list[Any]]:
    """Of each field the values, amounts as text."""
    taken = list(trades)
    columns = {name: list(map(attrgetter(name), taken)) for name in COLUMNS}
    return columns | {name: [f"{amount:f}" for amount in columns[name]] for name in AMOUNTS}


def in_order(frame: pl.DataFrame) -> pl.DataFrame:
    """By symbol and id, and of rows with the same id only the first."""
    rows = frame.sort("symbol", "trade_id", maintain_order=True)
    is_repeated = pl.all_horizontal(pl.col(name) == pl.col(name).shift() for name in ("symbol", "trade_id"))
    return rows.filter(~is_repeated.fill_null(value=False))


def with_days(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows as the table takes them."""
    days = pl.from_epoch(pl.col("traded_at_ms") // 1_000).cast(pl.Date).cast(pl.String)
    return frame.select(*COLUMNS, days.alias(DAY))
