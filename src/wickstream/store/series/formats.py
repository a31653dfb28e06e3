"""Columns of candles as bytes. Amounts are text, as the exchange writes them (`candle.plain`). Pure."""

from concurrent.futures import ThreadPoolExecutor

import polars as pl

_THREADS = 2
_SLICE = 32_768  # rows

_KLINE = (
    *("open_time", "open", "high", "low", "close", "volume", "close_time", "quote_volume", "trade_count"),
    *("taker_buy_volume", "taker_buy_quote_volume"),
)
_PLACES = 8  # that are always written


def as_json(frame: pl.DataFrame) -> bytes:
    """A list of objects."""
    slices = list(frame.iter_slices(_SLICE))
    with ThreadPoolExecutor(_THREADS) as threads:  # polars lets go of the interpreter
        return b"[" + b",".join(threads.map(_objects, slices)) + b"]"


def _objects(frame: pl.DataFrame) -> bytes:
    plain = _plain(frame)
    pieces = [piece for name, kind in plain.schema.items() for piece in _member(name, kind)]
    pieces[0] = pl.lit("{" + f'"{plain.columns[0]}":')
    joined = plain.select(pl.concat_str(*pieces, pl.lit("}")).str.join(",").cast(pl.Binary))
    return bytes(joined.item() or b"")


def _member(name: str, kind: pl.DataType) -> list[pl.Expr]:
    """`,"name":value`, in pieces. As text together: `write_ndjson` takes twice as long."""
    before = f',"{name}":'
    if kind != pl.String():
        return [pl.lit(before), pl.col(name).cast(pl.String).fill_null("null")]
    value = pl.col(name)
    if name == "symbol":
        value = value.str.replace_all("\\", "\\\\", literal=True).str.replace_all('"', '\\"', literal=True)
    return [pl.lit(before), pl.lit('"'), value, pl.lit('"')]


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
    text = pl.col(name).cast(pl.String)
    more = kind.scale - _PLACES if isinstance(kind, pl.Decimal) else 0
    return text.str.replace(f"0{{1,{more}}}$", "") if more else text
