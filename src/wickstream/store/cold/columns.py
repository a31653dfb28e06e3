"""Candles as Arrow columns, and what the cold tier's table says of them: decimals that any reader of Parquet knows.

Decimals go to the table and come back as text: it is exact, and needs no library beside the table's own.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from arro3.core import Array, DataType, Table
from deltalake import ColumnProperties, Field, Schema, WriterProperties
from deltalake.schema import PrimitiveType

from wickstream.candle import Candle, Origin

MONTH = "month"  # of open_time, as 2024-08: what the table is partitioned by

PRICE = "decimal(20,8)"
VOLUME = "decimal(28,8)"
QUOTE = "decimal(38,16)"  # price × quantity, of eight decimals each

COLUMNS = Candle.__struct_fields__
AMOUNTS = (
    dict.fromkeys(("open", "high", "low", "close"), PRICE)
    | dict.fromkeys(("volume", "taker_buy_volume"), VOLUME)
    | dict.fromkeys(("quote_volume", "taker_buy_quote_volume"), QUOTE)
)
_OTHERS = dict.fromkeys(("symbol", "interval", "origin", MONTH), "string") | {
    "closed": "boolean",
    "revision": "integer",
}
_ARROW = {
    "string": DataType.utf8(),
    "boolean": DataType.bool(),
    "integer": DataType.int32(),
    "long": DataType.int64(),
}

# So many rows are looked at for one symbol's: its month lies in two groups at most once the table is in order.
GROUP_ROWS = 65_536
_GROWING = ColumnProperties(dictionary_enabled=False, encoding="DELTA_BINARY_PACKED")

# What grows from row to row as the steps it grows by: a quarter less of a year than by dictionaries. Amounts would take
# some less by other encodings too, which polars does not read of decimals.
WRITER = WriterProperties(
    compression="ZSTD",
    compression_level=9,
    max_row_group_size=GROUP_ROWS,
    column_properties=dict.fromkeys(
        ("open_time", "close_time", "first_trade_id", "last_trade_id", "published_at", "trade_count"), _GROWING
    ),
)

_LAST_MS = 253_402_300_799_000  # the end of the year 9999; datetime knows none after it


def _type_of(column: str) -> str:
    return AMOUNTS.get(column) or _OTHERS.get(column, "long")


def table_schema() -> Schema:
    """The columns as the table declares them."""
    return Schema([Field(name, PrimitiveType(_type_of(name))) for name in (*COLUMNS, MONTH)])


def rows_of(candles: Sequence[Candle]) -> Table:
    """One row a candle, amounts as text."""
    arrays = [_column(name, [getattr(candle, name) for candle in candles]) for name in COLUMNS]
    months = _column(MONTH, [month_of(candle.open_time) for candle in candles])
    return Table.from_arrays([*arrays, months], names=[*COLUMNS, MONTH])


def _column(name: str, values: list[Any]) -> Array:
    if name in AMOUNTS:  # never with an exponent, which the table's library does not read of zeros
        return Array([f"{value:f}" for value in values], type=_ARROW["string"])
    if name == "origin":
        return Array([str(value) for value in values], type=_ARROW["string"])
    return Array(values, type=_ARROW[_type_of(name)])


def from_row(alias: str) -> dict[str, str]:
    """For each column the SQL expression that takes it from a row of `rows_of`."""
    return {
        name: f'CAST({alias}."{name}" AS {AMOUNTS[name]})' if name in AMOUNTS else f'{alias}."{name}"'
        for name in (*COLUMNS, MONTH)
    }


def selected() -> str:
    """The select list that `candles_of` understands."""
    return ", ".join(f'CAST("{n}" AS varchar) AS "{n}"' if n in AMOUNTS else f'"{n}"' for n in COLUMNS)


def candles_of(rows: Table) -> list[Candle]:
    """The candles of such rows, in their order."""
    columns = [_values(name, list(rows.column(name).to_pylist())) for name in COLUMNS]
    return [Candle(*row) for row in zip(*columns, strict=True)]


def _values(name: str, values: list[Any]) -> list[Any]:
    if name in AMOUNTS:
        return [Decimal(value) for value in values]
    return [Origin(value) for value in values] if name == "origin" else values


def month_of(time_ms: int) -> str:
    """The month of a time, as 2024-08; an end of a range may lie anywhere."""
    return f"{datetime.fromtimestamp(max(0, min(time_ms, _LAST_MS)) / 1_000, UTC):%Y-%m}"


def day_of(time_ms: int) -> str:
    """The day of a time, as 2024-08-09; an end of a range may lie anywhere."""
    return f"{datetime.fromtimestamp(max(0, min(time_ms, _LAST_MS)) / 1_000, UTC):%Y-%m-%d}"
