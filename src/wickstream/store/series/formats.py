"""Columns of candles as bytes. Amounts are text, as the exchange writes them (`candle.plain`). Pure."""

import json
from io import SEEK_END, BytesIO

import polars as pl

_SLICE = 131_072  # rows; polars has threads of its own

_KLINE = (
    *("open_time", "open", "high", "low", "close", "volume", "close_time", "quote_volume", "trade_count"),
    *("taker_buy_volume", "taker_buy_quote_volume"),
)
_PLACES = 8  # that are always written


def as_json(frame: pl.DataFrame) -> bytes:
    """A list of objects."""
    written = BytesIO(b"[")
    written.seek(0, SEEK_END)
    for piece in frame.iter_slices(_SLICE):
        if not piece.is_empty():
            _write_objects(piece, written)
    if not frame.is_empty():
        written.seek(-1, SEEK_END)
    written.write(b"]")
    return written.getvalue()


def _write_objects(frame: pl.DataFrame, written: BytesIO) -> None:
    """A comma behind each. As if it were CSV with `"` between its values: `{"open":`, `1.5`, `,"close":`, ….

    In no other way polars joins so many small texts as fast.
    """
    long = [name for name, kind in frame.schema.items() if _more_places(kind)]
    plain = frame.with_columns(_text(name, frame.schema[name]) for name in long)
    plain.select(_fields(plain)).write_csv(
        written, include_header=False, separator='"', quote_style="never", line_terminator=","
    )


def _fields(frame: pl.DataFrame) -> list[pl.Expr]:
    """By turns what stands outside of quotes, and what within."""
    fields: list[pl.Expr] = []
    outside = [pl.lit("{")]
    for name, kind in frame.schema.items():
        outside.append(pl.lit(f'{"," if len(outside) > 1 or fields else ""}"{name}":'))
        column = frame[name]
        if kind in (pl.String, pl.Boolean) and column.eq_missing(column[0]).all():
            outside.append(pl.lit(json.dumps(column[0], ensure_ascii=False)))
        elif kind == pl.String or isinstance(kind, pl.Decimal):
            fields += [pl.concat_str(outside), _escaped(name)]
            outside = []
        else:
            outside.append(pl.col(name).cast(pl.String).fill_null("null"))
    fields.append(pl.concat_str(*outside, pl.lit("}")))
    return [field.alias(str(number)) for number, field in enumerate(fields)]


def _escaped(name: str) -> pl.Expr:
    value = pl.col(name)
    if name != "symbol":
        return value
    return value.str.replace_all("\\", "\\\\", literal=True).str.replace_all('"', '\\"', literal=True)


def as_klines(frame: pl.DataFrame) -> bytes:
    """What `/api/v3/klines` answers: a list of lists, the last of whose twelve values means nothing."""
    plain = _plain(frame)
    values = [pl.format('"{}"', name) if plain.schema[name] == pl.String() else pl.col(name) for name in _KLINE]
    rows = plain.select(pl.format(f'[{",".join(["{}"] * len(values))},"0"]', *values).str.join(","))
    return f"[{rows.item() or ''}]".encode()


def as_csv(frame: pl.DataFrame) -> bytes:
    """A line of names, then a line a candle; what is not known is empty."""
    return _plain(frame).write_csv().encode()


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    amounts = [name for name, kind in frame.schema.items() if isinstance(kind, pl.Decimal)]
    return frame.with_columns(_text(name, frame.schema[name]) for name in amounts)


def _text(name: str, kind: pl.DataType) -> pl.Expr:
    text, more = pl.col(name).cast(pl.String), _more_places(kind)
    if not more:
        return text
    return pl.concat_str(text.str.head(-more), text.str.tail(more).str.strip_chars_end("0")).alias(name)


def _more_places(kind: pl.DataType) -> int:
    """Than are always written."""
    return kind.scale - _PLACES if isinstance(kind, pl.Decimal) else 0
