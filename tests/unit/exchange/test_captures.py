"""Recorded frames through the shard, summed by hand: the exchange's own klines must come out."""

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from functools import cache
from importlib import resources
from itertools import chain
from pathlib import Path

import msgspec
import pytest

from wickstream.bus import topics
from wickstream.bus.codec import decode
from wickstream.bus.producer import Record, singly
from wickstream.events import MINUTE_MS, Mark
from wickstream.exchange.sequencing.clock import ExchangeClock
from wickstream.exchange.sequencing.shard import Shard

DATA = Path(__file__).parents[2] / "data"
MARKETS = {
    "spot": ("spot_btcusdt_2024-08-08", "spot_ethusdt_2024-08-08"),
    "usdm": ("usdm_btcusdt_2024-07-18", "usdm_ethusdt_2024-07-18"),
}
FIGURES = ("open", "high", "low", "close", "volume", "quote_volume", "taker_buy_volume", "taker_buy_quote_volume")

Window = tuple[str, int, int]  # symbol, open time and length in ms


def frames_of(capture: str) -> Iterator[tuple[int, bytes]]:
    """Receiver's clock (ns) and frame."""
    bundled = resources.files("wickstream.exchange.local") / "captures" / f"{capture}.frames.gz"
    packed = bundled.read_bytes() if bundled.is_file() else (DATA / f"{capture}.frames.gz").read_bytes()
    for line in gzip.decompress(packed).splitlines():
        received_ns, frame = line.split(b" ", 1)
        yield int(received_ns), frame


@cache
def published(market: str) -> tuple[Record, ...]:
    """Everything the shard says of a market's captures, merged as they were received."""
    captures = [list(frames_of(capture)) for capture in MARKETS[market]]
    clock = ExchangeClock()
    shard = Shard(("BTCUSDT", "ETHUSDT"), clock, instance="test")
    for capture in captures:
        first = msgspec.json.decode(capture[0][1])["data"]
        clock.sync(first["T"], now_s=capture[0][0] / 1e9)
        shard.sequencers[first["s"]].start_at(first["t"], now_s=0.0)
    for received_ns, frame in sorted(captures[0] + captures[1]):
        shard.on_read([frame], received_ns / 1e9, now_s=received_ns / 1e9)
    return tuple(chain.from_iterable(map(singly, shard.take_records(now_s=0.0))))


def summed(trades: Iterable[bytes], length_ms: int) -> dict[Window, dict[str, Fraction | int]]:
    """Candles, by hand and in fractions, from the frames as they lie in `raw_trades`."""
    windows = defaultdict[Window, list[dict[str, object]]](list)
    for data in trades:
        trade = msgspec.json.decode(data)
        windows[trade["s"], trade["T"] // length_ms * length_ms, length_ms].append(trade)
    return {window: _figures(inside) for window, inside in windows.items()}


def _figures(trades: list[dict[str, object]]) -> dict[str, Fraction | int]:
    by_id = sorted(trades, key=lambda trade: int(str(trade["t"])))
    fills = [(Fraction(str(t["p"])), Fraction(str(t["q"])), not t["m"]) for t in by_id]
    prices = [price for price, _, _ in fills]
    return {
        "open": prices[0],
        "high": max(prices),
        "low": min(prices),
        "close": prices[-1],
        "volume": sum((quantity for _, quantity, _ in fills), Fraction()),
        "quote_volume": sum((price * quantity for price, quantity, _ in fills), Fraction()),
        "trade_count": len(fills),
        "taker_buy_volume": sum((quantity for _, quantity, bought in fills if bought), Fraction()),
        "taker_buy_quote_volume": sum((price * quantity for price, quantity, bought in fills if bought), Fraction()),
    }


def official(market: str, interval: str) -> list[dict[str, str]]:
    with (DATA / "official_klines.csv").open(encoding="utf-8", newline="") as lines:
        return [row for row in csv.DictReader(lines) if row["market"] == market and row["interval"] == interval]


def trades_of(market: str) -> list[bytes]:
    return [record.value for record in published(market) if record.topic == topics.RAW_TRADES]


def marks_of(market: str) -> dict[tuple[str, int], Mark]:
    records = [record.value for record in published(market) if record.topic == topics.MINUTE_MARKS]
    return {(mark.symbol, mark.open_time): mark for mark in (decode(value, Mark) for value in records)}


@pytest.mark.parametrize("market", MARKETS)
def test_every_frame_is_published_once_and_nothing_is_set_aside(market: str) -> None:
    recorded = sum(1 for capture in MARKETS[market] for _ in frames_of(capture))

    assert len(trades_of(market)) == recorded
    assert {record.topic for record in published(market)} == {topics.RAW_TRADES, topics.MINUTE_MARKS}


@pytest.mark.parametrize(("market", "interval", "rows"), [("spot", "1m", 20), ("spot", "5m", 2), ("usdm", "1m", 14)])
def test_the_published_trades_sum_up_to_the_exchange_s_own_klines(market: str, interval: str, rows: int) -> None:
    length_ms = int(interval[:-1]) * MINUTE_MS
    candles = summed(trades_of(market), length_ms)
    klines = official(market, interval)

    assert len(klines) == rows
    for kline in klines:
        candle = candles[kline["symbol"], int(kline["open_time"]), length_ms]
        for name in (*FIGURES, "trade_count"):
            if kline[name]:
                assert candle[name] == Fraction(kline[name]), (kline, name)


@pytest.mark.parametrize("market", MARKETS)
def test_exactly_the_minutes_the_recording_covers_whole_are_marked(market: str) -> None:
    whole = {(kline["symbol"], int(kline["open_time"])) for kline in official(market, "1m")}

    assert set(marks_of(market)) == whole


@pytest.mark.parametrize("market", MARKETS)
def test_marks_say_what_the_klines_say_and_chain_by_their_ids(market: str) -> None:
    marks = marks_of(market)
    for kline in official(market, "1m"):
        mark = marks[kline["symbol"], int(kline["open_time"])]
        assert mark.close == Decimal(kline["close"])
        assert mark.trade_count == int(kline["trade_count"] or mark.trade_count)
        assert mark.last_trade_id - mark.first_trade_id + 1 == mark.trade_count
        following = marks.get((mark.symbol, mark.open_time + MINUTE_MS))
        assert mark.next_trade_id == mark.last_trade_id + 1
        assert following is None or following.first_trade_id == mark.next_trade_id
