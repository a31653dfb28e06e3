"""A candle as we answer it: one JSON object, amounts as text. Pure."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, overload

import msgspec

from wickstream.candle import Candle, buy_sell_ratio, plain, price_change_pct, vwap

_AMOUNTS = tuple(field.name for field in msgspec.structs.fields(Candle) if field.type is Decimal)

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Candle)


class _Placed(msgspec.Struct):
    open_time: int


class _Kline(msgspec.Struct):
    """What the exchange tells of a candle, in its order."""

    open_time: int
    open: str
    high: str
    low: str
    close: str
    volume: str
    close_time: int
    quote_volume: str
    trade_count: int
    taker_buy_volume: str
    taker_buy_quote_volume: str


_placed = msgspec.json.Decoder(_Placed)
_klines = msgspec.json.Decoder(_Kline)
_IGNORED = "0"


def row_of(candle: Candle) -> dict[str, Any]:
    """A candle's own fields, and the three derived ones."""
    row = msgspec.structs.asdict(candle)
    for name in _AMOUNTS:
        row[name] = plain(row[name])
    row["vwap"] = _ratio_text(vwap(candle))
    row["price_change_pct"] = _ratio_text(price_change_pct(candle))
    row["buy_sell_ratio"] = _ratio_text(buy_sell_ratio(candle))
    return row


def rendered(candle: Candle) -> bytes:
    """The same as JSON."""
    return _encoder.encode(row_of(candle))


def open_time_of(row: bytes) -> int:
    """Of a row, without the rest of its candle."""
    return _placed.decode(row).open_time


class Rendered(Sequence[Candle]):
    """Candles that are there as `rendered`; a candle is made of a row when it is looked at."""

    def __init__(self, rows: Sequence[bytes]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> Candle: ...
    @overload
    def __getitem__(self, index: slice) -> "Rendered": ...
    def __getitem__(self, index: int | slice) -> "Candle | Rendered":
        return Rendered(self.rows[index]) if isinstance(index, slice) else _decoder.decode(self.rows[index])

    def __iter__(self) -> Iterator[Candle]:
        return map(_decoder.decode, self.rows)


def rows_of(candles: Sequence[Candle]) -> list[msgspec.Raw]:
    """Rows for an encoder, which copies them as they are."""
    rows = candles.rows if isinstance(candles, Rendered) else map(rendered, candles)
    return list(map(msgspec.Raw, rows))


def arrays_of(candles: Sequence[Candle]) -> list[list[object]]:
    """As the exchange writes klines: twelve values each, the last of which means nothing."""
    if isinstance(candles, Rendered):
        return [[*msgspec.structs.astuple(_klines.decode(row)), _IGNORED] for row in candles.rows]
    return [[*map(_plain_value, _kline_values(candle)), _IGNORED] for candle in candles]


def _kline_values(candle: Candle) -> Iterator[Any]:
    return (getattr(candle, name) for name in _Kline.__struct_fields__)


def _plain_value(value: int | Decimal) -> int | str:
    return value if isinstance(value, int) else plain(value)


def _ratio_text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"
