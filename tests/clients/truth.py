"""What the bundled captures hold, and what the exchange said of them: read by nothing of ours."""

import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from wickstream.exchange.local.market.recording import demo_files

BTC, ETH = "btcusdt@trade", "ethusdt@trade"
BTC_FRAMES, ALL_FRAMES = 19_904, 34_419
HISTORICAL = 3735683260  # the id from which runners ask for old trades

_KLINES = Path(__file__).parents[1] / "data" / "official_klines.csv"
_WIDTHS_MS = {"1m": 60_000, "5m": 300_000}
_PRICES = ("open", "high", "low", "close", "volume")
_REST = ("quote_volume", "trade_count", "taker_buy_volume", "taker_buy_quote_volume")


@cache
def captured() -> dict[str, list[str]]:
    """The frames as they came off the socket, by stream."""
    lines = [line for file in demo_files() for line in gzip.decompress(file.read_bytes()).decode().splitlines()]
    return by_stream(line.partition(" ")[2] for line in lines)


def by_stream(frames: Iterable[str]) -> dict[str, list[str]]:
    """Combined frames by the stream they name, in order."""
    found = defaultdict[str, list[str]](list)
    for frame in frames:
        found[frame.removeprefix('{"stream":"').partition('"')[0]].append(frame)
    return dict(found)


def beginnings(seen: dict[str, list[str]]) -> dict[str, list[str]]:
    """As many captured frames of each stream as were seen of it."""
    return {stream: captured()[stream][: len(frames)] for stream, frames in seen.items()}


def data_of(frame: str) -> str:
    """The frame without its envelope, byte for byte."""
    return frame.partition('"data":')[2].removesuffix("}")


def captured_trades(stream: str = BTC) -> list[dict[str, Any]]:
    """The data of the frames, decoded."""
    return [json.loads(frame)["data"] for frame in captured()[stream]]


def as_rest(trade: dict[str, Any]) -> dict[str, Any]:
    """What REST tells of a trade, but for the quote quantity, which no frame has."""
    return {
        "id": trade["t"],
        "price": trade["p"],
        "qty": trade["q"],
        "time": trade["T"],
        "isBuyerMaker": trade["m"],
        "isBestMatch": trade["M"],
    }


def official_klines(interval: str = "5m") -> list[list[Any]]:
    """The whole klines of BTCUSDT, of one or five minutes, as REST writes them; empty is what was not published."""
    with _KLINES.open(encoding="utf-8", newline="") as lines:
        rows = [
            row
            for row in csv.DictReader(lines)
            if row["capture"].startswith("spot_btc") and row["interval"] == interval
        ]
    return [_as_array(row, _WIDTHS_MS[interval]) for row in rows]


def _as_array(row: dict[str, str], width_ms: int) -> list[Any]:
    opened = int(row["open_time"])
    quote_volume, count, *taker = (row[name] for name in _REST)
    known = (quote_volume, int(count) if count else "", *taker)
    return [opened, *(row[name] for name in _PRICES), opened + width_ms - 1, *known, "0"]


def as_far_as_published(klines: list[list[Any]], official: list[list[Any]]) -> list[list[Decimal | None]]:
    """Klines as numbers, of what is not empty in the official ones."""
    return [
        [None if known == "" else Decimal(value) for value, known in zip(kline, wanted, strict=True)]
        for kline, wanted in zip(klines, official, strict=True)
    ]


def forming_kline(interval: str) -> list[Any]:
    """What began to form when the recording ended, added up from its trades."""
    width_ms = _WIDTHS_MS[interval]
    opened = captured_trades()[-1]["T"] // width_ms * width_ms
    trades = [trade for trade in captured_trades() if trade["T"] >= opened]
    prices = [Decimal(trade["p"]) for trade in trades]
    bought = [trade for trade in trades if not trade["m"]]
    return [
        opened,
        *map(_eight, (prices[0], max(prices), min(prices), prices[-1], _volume(trades))),
        opened + width_ms - 1,
        _eight(_worth(trades)),
        len(trades),
        *map(_eight, (_volume(bought), _worth(bought))),
        "0",
    ]


def _volume(trades: Iterable[dict[str, Any]]) -> Decimal:
    return sum((Decimal(trade["q"]) for trade in trades), Decimal(0))


def _worth(trades: Iterable[dict[str, Any]]) -> Decimal:
    return sum((Decimal(trade["p"]) * Decimal(trade["q"]) for trade in trades), Decimal(0))


def _eight(amount: Decimal) -> str:
    return f"{amount:.8f}"
