"""Trades as columns: those of frames that are added to the archive's table, which has the day besides."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any

import polars as pl
from arro3.core import RecordBatchReader
from deltalake import ColumnProperties, Field, Schema, WriterProperties
from deltalake.schema import PrimitiveType

from wickstream.binance.frames import AMOUNT_DIGITS, AMOUNT_PLACES, MICROSECONDS_FROM
from wickstream.events import Trade
from wickstream.store.cold.columns import PRICE, day_of
from wickstream.store.cold.lake import quoted

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

# So few that one symbol's ids are in few groups, which costs nothing in size; and so many are written at a time.
GROUP_ROWS = 131_072

_DAY = pl.from_epoch(pl.col("traded_at_ms") // 1_000).cast(pl.Date).cast(pl.String).alias(DAY)

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

WRITER = WriterProperties(
    compression="ZSTD",
    compression_level=3,
    max_row_group_size=GROUP_ROWS,
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


def days(rows: pl.DataFrame) -> set[str]:
    """Those on which they were traded."""
    return set(rows.select(_DAY.unique()).to_series())


def as_stored(rows: pl.DataFrame) -> RecordBatchReader:
    """The rows with their days, a group at a time: as a whole, a commit of them would take twice the memory.

    A group stays in order; which of them comes first in a file is not said.
    """
    pieces = (rows.slice(first, GROUP_ROWS).select(*COLUMNS, _DAY) for first in range(0, rows.height, GROUP_ROWS))
    schema = RecordBatchReader.from_arrow(rows.head(0).select(*COLUMNS, _DAY)).schema
    return RecordBatchReader.from_batches(schema, chain.from_iterable(map(RecordBatchReader.from_arrow, pieces)))


def spans(rows: pl.DataFrame) -> pl.DataFrame:
    """Of each symbol its `first` and its `last` id."""
    ids = pl.col("trade_id")
    return rows.group_by("symbol").agg(ids.min().alias("first"), ids.max().alias("last")).sort("symbol")


def times(rows: pl.DataFrame) -> tuple[int, int]:
    """The first and the last time, ms; of one row at least."""
    time = pl.col("traded_at_ms")
    first_ms, last_ms = rows.select(time.min().alias("first"), time.max().alias("last")).row(0)
    return first_ms, last_ms


def within_ids(symbol: str, first_id: int, last_id: int) -> str:
    """The condition, in SQL: both ends inclusive."""
    return f"symbol = {quoted(symbol)} AND trade_id BETWEEN {first_id} AND {last_id}"


def within_days(first_ms: int, last_ms: int) -> str:
    """A further condition, in SQL, that leaves the files of other days unopened."""
    return f" AND {DAY} BETWEEN '{day_of(first_ms)}' AND '{day_of(last_ms)}'"
