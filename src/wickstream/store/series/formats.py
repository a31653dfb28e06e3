"""Columns of candles as bytes. Amounts are text, as the exchange writes them (`candle.plain`). Pure."""

import polars as pl

_KLINE = (
    *("open_time", "open", "high", "low", "close", "volume", "close_time", "quote_volume", "trade_count"),
    *("taker_buy_volume", "taker_buy_quote_volume"),
)
_PLACES = 8  # that are always written


def as_json(frame: pl.DataFrame) -> bytes:
    """A list of objects."""
    rows = _plain(frame).write_ndjson().encode()
    return b"[" + rows.rstrip(b"\n").replace(b"\n", b",") + b"]"


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
