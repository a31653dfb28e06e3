"""Trades and marks as bytes, as the connector publishes them."""

import csv
import gzip
import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path

from tests.id_hash import id_hash
from tests.spark.decimal_oracle import Told, minutes_of

TESTS_DATA = Path(__file__).parents[1] / "data"
SPOT = Path(__file__).parents[2] / "src" / "wickstream" / "exchange" / "local" / "captures"
MICROSECOND = 1_000


def trade_value(trade: Told, *, in_microseconds: bool = False, spaced: bool = False) -> bytes:
    """The `data` of a frame, as the exchange lays it out: spot's has `M`, USD-M's `X`, in another order.

    `spaced`: the same JSON in another layout, which no exchange has sent yet.
    """
    time = trade.time_ms * MICROSECOND + 999 if in_microseconds else trade.time_ms
    head: dict[str, object] = {"e": "trade", "E": time + 60_000}
    named = {"s": trade.symbol, "t": trade.trade_id, "p": f"{trade.price:f}", "q": f"{trade.quantity:f}"}
    if trade.kind:
        facts = head | {"T": time} | named | {"X": trade.kind, "m": trade.buyer_is_maker}
    else:
        facts = head | named | {"T": time, "m": trade.buyer_is_maker, "M": True}
    return json.dumps(facts, separators=None if spaced else (",", ":")).encode()


def mark_value(symbol: str, minute: int, ids: list[int], close: Decimal, *, next_id: int) -> bytes:
    """A mark; with no ids, that of a quiet minute."""
    first, last = (min(ids), max(ids)) if ids else (next_id, next_id - 1)
    facts = {"symbol": symbol, "open_time": minute, "first_trade_id": first, "last_trade_id": last}
    facts |= {"trade_count": len(ids), "id_sum": sum(ids), "id_hash": id_hash(ids)}
    facts |= {"close": f"{close:f}", "next_trade_id": next_id}
    return json.dumps(facts).encode()


def mark_values(trades: Iterable[Told], *, skip_edges: bool = False) -> list[tuple[str, bytes]]:
    """A mark for each symbol's minutes with trades; `skip_edges`: not for its first and last, which are partial."""
    minutes = sorted(minutes_of(trades).items())
    spans: dict[str, list[int]] = {}
    for (symbol, minute), _ in minutes:
        spans.setdefault(symbol, []).append(minute)
    return [
        (symbol, mark_value(symbol, minute, [t.trade_id for t in inside], inside[-1].price, next_id=inside[-1][1] + 1))
        for (symbol, minute), inside in minutes
        if not (skip_edges and minute in (spans[symbol][0], spans[symbol][-1]))
    ]


def captured(name: str, *, symbol: str | None = None) -> list[tuple[str, bytes]]:
    """`(symbol, value)` of each trade of a capture, byte for byte but for the `symbol` it is told to have."""
    return list(_captured(name, symbol))


def _captured(name: str, symbol: str | None) -> Iterator[tuple[str, bytes]]:
    folder = SPOT if name.startswith("spot") else TESTS_DATA
    own = name.split("_")[1].upper()
    with gzip.open(folder / f"{name}.frames.gz") as lines:
        for line in lines:
            value = line.split(b'"data":', 1)[1].rstrip()[:-1]
            told = symbol or own
            yield told, value.replace(f'"s":"{own}"'.encode(), f'"s":"{told}"'.encode())


def told_of(values: Iterable[tuple[str, bytes]]) -> list[Told]:
    """The trades in such values."""
    parsed = (json.loads(value) for _, value in values)
    return [Told(f["s"], f["t"], Decimal(f["p"]), Decimal(f["q"]), f["T"], f["m"], f.get("X")) for f in parsed]


def official_klines(capture: str, interval: str) -> list[dict[str, str]]:
    """The exchange's own klines of the whole minutes of a capture."""
    with (TESTS_DATA / "official_klines.csv").open() as file:
        return [row for row in csv.DictReader(file) if (row["capture"], row["interval"]) == (capture, interval)]
