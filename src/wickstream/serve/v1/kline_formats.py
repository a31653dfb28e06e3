"""A page of candles in the form that was asked for. All tell the same values."""

import csv
from collections.abc import Sequence
from decimal import Decimal
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any

import msgspec

from wickstream.candle import Candle
from wickstream.rendering import arrays_of, rows_of

if TYPE_CHECKING:
    import polars as pl

CSV = "text/csv; charset=utf-8"
ARROW = "application/vnd.apache.arrow.stream"

_DERIVED_PLACES = {"vwap": 8, "price_change_pct": 4, "buy_sell_ratio": 4}
COLUMNS = (*Candle.__struct_fields__, *_DERIVED_PLACES)


def as_klines(candles: Sequence[Candle]) -> bytes:
    """As the exchange writes them."""
    return msgspec.json.encode(arrays_of(candles))


def as_csv(candles: Sequence[Candle]) -> bytes:
    """A line of names, then a line a candle; what is not known is empty."""
    return csv_of(COLUMNS, _rows(candles))


def csv_of(columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> bytes:
    """Rows of JSON as lines."""
    written = StringIO()
    lines = csv.writer(written, lineterminator="\n")
    lines.writerow(columns)
    lines.writerows([_cell(row[name]) for name in columns] for row in rows)
    return written.getvalue().encode()


def _cell(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


def as_arrow(candles: Sequence[Candle]) -> bytes:
    """An IPC stream; amounts are decimals. Loads what makes it, which takes memory that most workers never need."""
    import polars as pl

    from wickstream.store.series.frames import SCHEMA

    rows = _rows(candles)
    kinds = dict(SCHEMA) | {name: pl.Decimal(38, places) for name, places in _DERIVED_PLACES.items()}
    written = BytesIO()
    pl.DataFrame([_column(name, kinds[name], rows) for name in COLUMNS]).write_ipc_stream(written)
    return written.getvalue()


def _column(name: str, kind: "pl.DataType", rows: Sequence[dict[str, Any]]) -> "pl.Series":
    import polars as pl

    values = [row[name] for row in rows]
    if isinstance(kind, pl.Decimal):
        values = [None if value is None else Decimal(value) for value in values]
    return pl.Series(name, values, dtype=kind)


def _rows(candles: Sequence[Candle]) -> list[dict[str, Any]]:
    return [msgspec.json.decode(row) for row in rows_of(candles)]
