"""The writer at a busy hour: 500 symbols' candles each second into three tiers, beside 50,000 trades a second."""

import multiprocessing
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import polars as pl
import psutil
from psycopg import sql

from bench.ingest.frames import Market
from bench.processes import Servers, command, cpu_s, servers
from bench.store.traffic import MINUTE_S, Traffic, publish
from bench.table import Figure
from tests.running import wait_until
from tests.tier_contents import read_hot
from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.store.series.frames import SCHEMA, frame_of
from wickstream.store.warm.database import connect

PORT_BASE = 24_900
MINUTES, SYMBOLS, RATE = 3, 500, 50_000
MARKET = Market(
    symbols=SYMBOLS, trades=RATE * MINUTES * MINUTE_S, begins_ms=1_732_300_020_000, per_second=RATE, tag="W"
)
TRAFFIC = Traffic(MARKET, MINUTES)
CORES = 1.0
RENDERED_S, STORED_S = 180.0, 120.0
TIERS = ("hot", "warm", "cold", "cold-trades")


@dataclass
class _Watched:
    """While the traffic was published, and until all of it was stored."""

    cpu_s: Mapping[str, float]
    published_s: float
    peak_mb: float = 0.0
    most_behind: dict[str, int] = field(default_factory=dict)
    behind_at_end: dict[str, int] = field(default_factory=dict)
    stored_after_s: float = 0.0


def measure() -> list[Figure]:
    """Raises AssertionError if a candle, mark or trade is missing, doubled or wrong."""
    with tempfile.TemporaryDirectory(prefix="wickstream-bench-") as folder:
        settings = Settings(data_dir=Path(folder) / "data", port_base=PORT_BASE, ticker_symbols=("all",))
        with servers(settings) as running, command(running.settings, "write") as writer:
            watched = _watch(running, psutil.Process(writer.pid))
            _require_all(running.settings)
    cores = {name: used / TRAFFIC.seconds for name, used in watched.cpu_s.items()}
    name = f"{SYMBOLS} candles/s and {RATE:,} trades/s for {TRAFFIC.seconds} s"
    return [
        Figure(f"{name}: the writer", "cores", cores.pop("writer"), CORES),
        *(Figure(f"beside it {server}", "cores", used) for server, used in cores.items()),
        Figure("trades published", "1/s", MARKET.trades / watched.published_s, RATE),
        *(
            Figure(f"{tier}: behind at the end (at most)", "records", watched.behind_at_end[tier], most)
            for tier, most in watched.most_behind.items()
        ),
        Figure("until all of it was in the tiers", "s", watched.stored_after_s),
        Figure("the writer's memory (RSS), at most", "MB", watched.peak_mb),
    ]


def _watch(running: Servers, writer: psutil.Process) -> _Watched:
    settings, processes = running.settings, {"writer": writer, **running.processes}
    wait_until(lambda: _told(settings) != "", what="the writer ready")
    with _publishing(settings) as (publisher, begin):
        before = {name: cpu_s(process) for name, process in processes.items()}
        begin()
        began_s = time.monotonic()
        watched = _Watched({}, 0.0)
        while publisher.is_alive():
            publisher.join(0.5)
            watched.peak_mb = max(watched.peak_mb, writer.memory_info().rss / 1e6)
            watched.behind_at_end = {tier: _number(settings, "lag_records", tier) for tier in TIERS}
            for tier, behind in watched.behind_at_end.items():
                watched.most_behind[tier] = max(behind, watched.most_behind.get(tier, 0))
    watched.published_s = time.monotonic() - began_s
    wait_until(lambda: _is_all_stored(settings), deadline_s=STORED_S, what="all of it in the tiers")
    watched.stored_after_s = time.monotonic() - began_s - watched.published_s
    watched.cpu_s = {name: cpu_s(process) - before[name] for name, process in processes.items()}
    return watched


@contextmanager
def _publishing(settings: Settings) -> Iterator[tuple["multiprocessing.context.SpawnProcess", Callable[[], None]]]:
    spawn = multiprocessing.get_context("spawn")
    ready, begin = spawn.Event(), spawn.Event()
    publisher = spawn.Process(target=publish, args=(settings, TRAFFIC, ready, begin))
    publisher.start()
    try:
        assert ready.wait(RENDERED_S), "not rendered"
        yield publisher, begin.set
        assert publisher.exitcode == 0
    finally:
        publisher.kill()
        publisher.join()


def _is_all_stored(settings: Settings) -> bool:
    """As the writer counts."""
    closed = TRAFFIC.minutes * SYMBOLS
    least = {"hot": closed, "warm": closed, "cold": closed, "cold-trades": MARKET.trades}
    return all(_number(settings, "stored", tier) >= rows for tier, rows in least.items())


def _number(settings: Settings, what: str, tier: str) -> int:
    pattern = {
        "stored": rf'^wickstream_tier_writes_total\{{outcome="stored",tier="{tier}"\}} (\S+)',
        "lag_records": rf'^wickstream_tier_lag_records\{{tier="{tier}"\}} (\S+)',
    }[what]
    return int(sum(map(float, re.findall(pattern, _told(settings), re.M))))


def _told(settings: Settings) -> str:
    try:
        with urlopen(f"http://127.0.0.1:{settings.port('writer')}/metrics", timeout=5) as answer:
            return str(answer.read().decode())
    except (URLError, OSError):
        return ""


def _require_all(settings: Settings) -> None:
    expected = TRAFFIC.closed()
    wait_until(lambda: _hot(settings) == expected, what="hot candles exact")
    wait_until(lambda: _warm(settings) == expected, what="warm candles exact")
    wait_until(lambda: _is_proven(settings), what="each mark agrees with its candle")
    lake = Path(settings.lake_url.removeprefix("file:"))
    candles = pl.scan_delta(str(lake / "candles")).select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())
    order = ["symbol", "open_time"]
    assert candles.collect().sort(order).equals(frame_of(expected).sort(order)), "cold candles"
    ids = pl.col("trade_id")
    found = pl.scan_delta(str(lake / "trades")).group_by("symbol")
    counts = found.agg(ids.len().alias("rows"), ids.n_unique().alias("ids"), (ids.max() - ids.min() + 1).alias("span"))
    assert counts.filter(pl.col("rows") != pl.col("ids"), pl.col("rows") != pl.col("span")).collect().is_empty()
    assert counts.select(pl.col("rows").sum()).collect().item() == MARKET.trades


def _hot(settings: Settings) -> list[Candle]:
    return [candle for name in MARKET.names for candle in read_hot(settings, name)]


def _warm(settings: Settings) -> list[Candle]:
    statement = sql.SQL("SELECT {} FROM candles ORDER BY array_position(%s, symbol), open_time").format(
        sql.SQL(", ").join(map(sql.Identifier, Candle.__struct_fields__))
    )
    with closing(connect(settings)) as conn:
        return [Candle(*row) for row in conn.execute(statement, (list(MARKET.names),))]


def _is_proven(settings: Settings) -> bool:
    with closing(connect(settings)) as conn:
        counts = conn.execute("SELECT (SELECT count(*) FROM marks), (SELECT count(*) FROM unproven)").fetchone()
    return counts == (TRAFFIC.minutes * SYMBOLS, 0)
