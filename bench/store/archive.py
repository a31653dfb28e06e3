"""The archive of all trades: what a full topic costs to store, and what 50,000 trades a second do."""

import re
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import count, islice
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import msgspec
import polars as pl
import psutil

from bench.ingest.frames import FIRST_ID, Market
from bench.processes import broker, command
from bench.stream.topic import trade_values
from bench.table import Figure
from wickstream.bus.producer import Record, TransactionalProducer
from wickstream.bus.topics import RAW_TRADES
from wickstream.config import Settings
from wickstream.store.cold.trades import TradesArchive

PORT_BASE = 24_600
WAITING = Market(symbols=50, trades=3_000_000, begins_ms=1_732_300_020_000, per_second=50_000)
RATE, SECONDS = 50_000, 90
STEADY = replace(WAITING, trades=RATE * SECONDS, tag="S")
AT_ONCE = 2_500  # trades in a transaction: 50 ms, as the connector's
COMMIT_SECONDS = 60.0
DEADLINE_S = 600.0
CORES, MB_A_MILLION = 0.5, 12.0
IDS, READS = 1_000, 20


class _Named(msgspec.Struct):
    symbol: str = msgspec.field(name="s")


_named = msgspec.json.Decoder(_Named).decode


@dataclass
class _Used:
    """By the writer, while it stored so many."""

    trades: int
    cpu_s: float
    wall_s: float
    peak_mb: float


def measure() -> list[Figure]:
    """Raises AssertionError if a trade is missing or doubled."""
    with tempfile.TemporaryDirectory(prefix="wickstream-bench-") as folder:
        settings = Settings(data_dir=Path(folder) / "data", port_base=PORT_BASE, cold_commit_seconds=COMMIT_SECONDS)
        with broker(settings):
            _publish(settings, WAITING)
            with command(settings, "write", "--tier", "cold") as process:
                writer = psutil.Process(process.pid)
                caught_up = _watch(settings, writer, WAITING.trades, lambda: None)
                millions_mb = _megabytes(settings) / WAITING.trades * 1e6
                steady = _watch(settings, writer, STEADY.trades, lambda: _publish(settings, STEADY, rate=RATE))
        _require_each_once(settings)
        read_ms, whole_ms = _reads(settings)
    return [
        Figure("a full topic: trades stored", "1/s", caught_up.trades / caught_up.wall_s),
        Figure("a full topic: the writer's CPU", "s a million", caught_up.cpu_s / caught_up.trades * 1e6, 10.0),
        Figure("a full topic: the writer's memory (RSS), at most", "MB", caught_up.peak_mb),
        Figure("in the lake", "MB a million", millions_mb, MB_A_MILLION),
        Figure(f"{RATE} trades/s for {SECONDS} s: the writer", "cores", steady.cpu_s / steady.wall_s, CORES),
        Figure(f"{RATE} trades/s: the writer's memory (RSS), at most", "MB", steady.peak_mb),
        Figure(f"{IDS} ids of one symbol, its day known", "ms", read_ms),
        Figure("all its ids, as ranges", "ms", whole_ms),
    ]


def _publish(settings: Settings, market: Market, *, rate: int | None = None) -> None:
    """As the connector does; at so many a second, if said."""
    producer = TransactionalProducer(settings.kafka, transactional_id="bench")
    producer.fence()
    began_s = time.monotonic()
    values = trade_values(market)
    for number in count():
        chunk = list(islice(values, AT_ONCE))
        if not chunk:
            break
        if rate:
            time.sleep(max(0.0, began_s + number * AT_ONCE / rate - time.monotonic()))
        producer.publish(Record(RAW_TRADES, _named(value).symbol, value) for value in chunk)
    producer.let_go()


def _watch(settings: Settings, writer: psutil.Process, trades: int, meanwhile: Callable[[], None]) -> _Used:
    """From now on until so many more are stored."""
    before, began_s, cpu_s, peak = _stored(settings), time.monotonic(), _cpu_s(writer), 0
    with ThreadPoolExecutor(1) as pool:
        publishing = pool.submit(meanwhile)
        while _stored(settings) - before < trades:
            assert time.monotonic() - began_s < DEADLINE_S, f"at {_stored(settings) - before} of {trades}"
            time.sleep(0.1)
            peak = max(peak, writer.memory_info().rss)
        publishing.result()
    return _Used(trades, _cpu_s(writer) - cpu_s, time.monotonic() - began_s, peak / 1e6)


def _stored(settings: Settings) -> int:
    """As the writer counts."""
    try:
        with urlopen(f"http://127.0.0.1:{settings.port('write-cold')}/metrics", timeout=5) as answer:
            told = answer.read().decode()
    except (URLError, OSError):
        return 0
    (count,) = re.findall(
        r'^wickstream_tier_writes_total\{outcome="stored",tier="cold-trades"\} (\S+)', told, re.M
    ) or [0]
    return int(float(count))


def _table(settings: Settings) -> Path:
    return Path(settings.lake_url.removeprefix("file:")) / "trades"


def _megabytes(settings: Settings) -> float:
    return sum(file.stat().st_size for file in _table(settings).rglob("*.parquet")) / 1e6


def _require_each_once(settings: Settings) -> None:
    rows = pl.scan_delta(str(_table(settings))).group_by("symbol")
    ids = pl.col("trade_id")
    found = rows.agg(ids.len().alias("rows"), ids.n_unique().alias("ids"), (ids.max() - ids.min() + 1).alias("span"))
    counts = found.collect()
    assert counts["rows"].sum() == WAITING.trades + STEADY.trades, counts
    assert counts.filter((pl.col("rows") != pl.col("ids")) | (pl.col("rows") != pl.col("span"))).is_empty(), counts


def _reads(settings: Settings) -> Iterator[float]:
    archive, symbol = TradesArchive(settings), WAITING.names[9]
    day_ms = (WAITING.begins_ms, WAITING.begins_ms + 60_000)
    yield _median_ms(lambda: archive.read(symbol, FIRST_ID, FIRST_ID + IDS - 1, within_ms=day_ms))
    yield _median_ms(lambda: archive.ranges(symbol, 0, 2**53))


def _median_ms(read: Callable[[], object]) -> float:
    took = []
    for _ in range(READS):
        began_s = time.monotonic()
        read()
        took.append(time.monotonic() - began_s)
    return sorted(took)[READS // 2] * 1e3


def _cpu_s(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system)
