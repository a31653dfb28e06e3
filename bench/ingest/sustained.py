"""The whole spot market at a busy hour: 50,000 trades/s over 500 symbols, made up by the local exchange."""

import contextlib
import json
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import psutil

from bench.ingest.published import Arrivals
from bench.processes import broker, command
from bench.table import Figure
from wickstream.bus.topics import RAW_TRADES
from wickstream.config import Settings

PORT_BASE = 25_300
SYMBOLS, RATE, SECONDS = 500, 50_000, 60
# Halts, and symbols listed later, take some of a made-up market's rate away.
MARKET = f"symbols={SYMBOLS},rate={RATE * 103 // 100},seed=7,seconds={SECONDS}"
LOOK_S = 0.5
DEADLINE_S = 180.0
MEMORY_MB = 200.0


@dataclass
class _Watched:
    """What the connector did while the market was played."""

    took_s: float  # from the first published trade to the last
    peak_mb: float
    connector_cpu_s: float
    exchange_cpu_s: float


def measure() -> list[Figure]:
    """Raises AssertionError if a trade is missing, doubled or out of order."""
    with tempfile.TemporaryDirectory(prefix="wickstream-bench-") as folder, _stack(Path(folder)) as settings:
        with command(settings, "exchange", "--generate", MARKET, "--speed", "1") as exchange:
            _until(lambda: bool(_rest(settings, "/api/v3/time")))
            before, arrivals = _last_ids(settings), Arrivals(settings.kafka, [RAW_TRADES])
            with command(settings, "connect") as connector:
                watched = _watch(settings, psutil.Process(connector.pid), psutil.Process(exchange.pid))
            after = _last_ids(settings)
        traded = {name: (last + 1, after[name]) for name, last in before.items() if after[name] > last}
        count = sum(last - first + 1 for first, last in traded.values())
        published = arrivals.extents(count, deadline_s=DEADLINE_S)
        arrivals.close()
    wrong = {name: (published.get(name), ids) for name, ids in traded.items() if published.get(name) != ids}
    assert not wrong, f"{len(wrong)} symbols differ (published, traded): {dict(list(wrong.items())[:5])}"
    return [
        Figure(f"{SYMBOLS} symbols for {SECONDS} s: trades", "1/s", count / max(watched.took_s, SECONDS), RATE),
        Figure("the connector's memory (RSS), at most", "MB", watched.peak_mb, MEMORY_MB),
        Figure("the connector's CPU", "µs a trade", watched.connector_cpu_s / count * 1e6),
        Figure("the local exchange's CPU", "µs a trade", watched.exchange_cpu_s / count * 1e6),
    ]


@contextlib.contextmanager
def _stack(folder: Path) -> Iterator[Settings]:
    settings = Settings(data_dir=folder / "data", port_base=PORT_BASE, kafka_bootstrap_servers=None)
    here = f"127.0.0.1:{settings.port('exchange')}"
    update: dict[str, object] = {"exchange_ws_url": f"ws://{here}", "exchange_rest_url": f"http://{here}"}
    update |= {"exchange_trades_url": f"http://127.0.0.1:{settings.port('exchange-api')}"}
    update |= {"ticker_symbols": ("all",)}
    with broker(settings):
        yield settings.model_copy(update=update)


def _watch(settings: Settings, connector: psutil.Process, exchange: psutil.Process) -> _Watched:
    """Until nothing more is published."""
    _until(lambda: _published(settings) > 0)
    began_s = last_s = time.monotonic()
    before = _cpu_s(connector), _cpu_s(exchange)
    count, peak = 0, 0
    while time.monotonic() - last_s < 5 or last_s - began_s < SECONDS - 5:
        assert time.monotonic() - began_s < DEADLINE_S, f"still at {count} trades"
        time.sleep(LOOK_S)
        peak = max(peak, connector.memory_info().rss)
        if (published := _published(settings)) > count:
            count, last_s = published, time.monotonic()
    used = _cpu_s(connector) - before[0], _cpu_s(exchange) - before[1]
    return _Watched(last_s - began_s, peak / 1e6, *used)


def _published(settings: Settings) -> int:
    """As the connector counts: acknowledged trades."""
    try:
        with urlopen(f"http://127.0.0.1:{settings.port('connector')}/metrics", timeout=5) as answer:
            told = answer.read().decode()
    except (URLError, OSError):
        return 0
    return int(sum(map(float, re.findall(r"^wickstream_trades_published_total\{.*\} (\S+)", told, re.MULTILINE))))


def _last_ids(settings: Settings) -> dict[str, int]:
    """The exchange's own, of all symbols it lists."""
    return {row["symbol"]: row["lastId"] for row in _rest(settings, "/api/v3/ticker/24hr") or []}


def _rest(settings: Settings, path: str) -> Any:
    try:
        with urlopen(f"{settings.exchange_rest_url}{path}", timeout=10) as answer:
            return json.load(answer)
    except OSError:
        return None


def _cpu_s(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system)


def _until(is_so: Callable[[], bool]) -> None:
    ends_s = time.monotonic() + DEADLINE_S
    while not is_so():
        if time.monotonic() > ends_s:
            raise TimeoutError(f"not within {DEADLINE_S} s")
        time.sleep(0.1)
