"""The main job as a user meets it: how long until it is ready, until the candles are there, and what it takes."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from bench.processes import running_stack
from bench.table import Figure
from wickstream.exchange.local.market.recording import demo_files

PORT_BASE = 28_400
MINUTE_MS = 60_000
CLOSED_MINUTES = 10  # of each symbol in the spot captures
DEADLINE_S = 180.0


def measure() -> list[Figure]:
    """On a machine that has the servers: the first start only fetches and archives class data."""
    with (
        tempfile.TemporaryDirectory(prefix="wickstream-bench-") as folder,
        running_stack(Path(folder), PORT_BASE, "demo"),
    ):
        _until(lambda: bool(_klines("BTCUSDT")))
    with tempfile.TemporaryDirectory(prefix="wickstream-bench-") as folder:
        return [*_replay(Path(folder)), *_demo(Path(folder))]


def _replay(folder: Path) -> Iterator[Figure]:
    files = [f"--replay={file}" for file in demo_files()]
    with running_stack(folder, PORT_BASE, "replay", *files, "--keep-times", "--speed=max") as ready_s:
        yield Figure("replay: start to ready", "s", ready_s, 12.0)
        took_s = _until(lambda: all(_closed(symbol) == CLOSED_MINUTES for symbol in ("BTCUSDT", "ETHUSDT")))
        yield Figure("replay at max: ready to all candles", "s", took_s, 20.0)


def _demo(folder: Path) -> Iterator[Figure]:
    with running_stack(folder, PORT_BASE, "demo") as ready_s:
        ready_at = time.monotonic()
        yield Figure("demo: start to ready", "s", ready_s, 12.0)
        _until(lambda: len(_klines("BTCUSDT")) >= 60 and _forming("BTCUSDT") is not None)
        yield Figure("demo: ready to board, chart and forming candle", "s", time.monotonic() - ready_at, 20.0)
        yield Figure("demo: a minute's end to its closed candle", "s", _own_close_lag_s(), 5.0)
        yield Figure("demo: memory of all processes (PSS)", "MB", _memory_mb(folder), 1_500.0)


def _own_close_lag_s() -> float:
    """From the end of the running minute, on the exchange's clock, to its closed candle in the API."""
    forming = _forming("BTCUSDT")
    assert forming is not None
    ends_ms = int(forming["open_time"]) + MINUTE_MS
    _until(lambda: _exchange_ms() >= ends_ms)
    return _until(lambda: any(c["open_time"] == forming["open_time"] and _is_own(c) for c in _klines("BTCUSDT")))


def _is_own(candle: dict[str, Any]) -> bool:
    return bool(candle["closed"] and candle["origin"] == "trades")


def _forming(symbol: str) -> dict[str, Any] | None:
    rows = _klines(symbol)
    return rows[-1] if rows and not rows[-1]["closed"] else None


def _closed(symbol: str) -> int:
    return sum(_is_own(candle) for candle in _klines(symbol))


def _memory_mb(root: Path) -> float:
    argv = [sys.executable, "-m", "wickstream", "status", "--json", f"--data-dir={root / 'demo'}"]
    return int(json.loads(subprocess.run(argv, check=True, capture_output=True).stdout)["memory_bytes"]) / 1e6


def _until(is_so: Callable[[], bool]) -> float:
    """Seconds until it holds."""
    began = time.monotonic()
    while not is_so():
        if time.monotonic() - began > DEADLINE_S:
            raise TimeoutError(f"not within {DEADLINE_S} s")
        time.sleep(0.05)
    return time.monotonic() - began


def _klines(symbol: str) -> list[dict[str, Any]]:
    try:
        rows: list[dict[str, Any]] = _get(PORT_BASE, f"/api/v1/analytics/klines/{symbol}?interval=1m&limit=200")["data"]
    except URLError:  # nothing known of it yet
        return []
    return rows


def _exchange_ms() -> int:
    return int(_get(PORT_BASE + 5, "/api/v3/time")["serverTime"])


def _get(port: int, path: str) -> Any:
    with urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        return json.load(answer)
