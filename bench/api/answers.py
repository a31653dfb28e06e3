"""Answers per CPU-second of the server, asked by wrk, beside others that give out the same bytes. Warm caches.

Ours has its limiter on. A miss is each answer read from Redis anew: nothing is kept.
"""

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from urllib.error import URLError
from urllib.request import Request, urlopen

import psutil

from bench.processes import command, cpu_s
from bench.store.servers import running
from bench.table import Figure
from tests.candles import minute
from tests.running import wait_until
from wickstream.config import Settings, child_environment
from wickstream.errors import Mistake
from wickstream.events import Trade
from wickstream.operate.servers.local import postgres_spec, redis_spec
from wickstream.store.hot.hour import HotWriter
from wickstream.store.lane.live import Change, Clock, LiveWriter
from wickstream.store.warm.migrations import migrate
from wickstream.store.warm.writer import WarmWriter

HOT, HOUR = 500, 60  # candles: of a hot answer, and of one that Redis alone has
CONNECTIONS, SECONDS, WARM_UP_S = 16, 5, 1
PLENTY = 1_000_000_000  # a minute
THEIRS = 60  # their port, counted from ours


def measure() -> list[Figure]:
    """One server at a time; wrk has the other core."""
    if shutil.which("wrk") is None:
        raise Mistake("wrk asks the questions: apt-get install wrk")
    with running(redis_spec, postgres_spec) as settings:
        migrate(settings)
        _fill(settings)
        return [*_hot(settings), _miss(settings)]


def _hot(settings: Settings) -> Iterator[Figure]:
    hot = f"/api/v1/analytics/klines/BTCUSDT?interval=1m&limit={HOT}"
    for what, path, headers in (
        ("rows of 20 fields", hot, {}),
        ("the exchange's arrays", f"{hot}&format=binance", {}),
        ("rows, as clients take them: gzip", hot, {"Accept-Encoding": "gzip"}),
        ("one kline", hot.replace(f"limit={HOT}", "limit=1"), {}),
    ):
        kept, body = _ours(settings, path, headers)
        file = _file(settings, body)
        name = f"{what}, {len(body) / 1_000:,.0f} kB"
        raw = _theirs(settings, "raw", file)
        yield Figure(f"{name}: answers per second, as the clock has it", "1/s", kept.per_second)
        yield _beside(f"{name}: beside FastAPI returning the same bytes", kept, _theirs(settings, "bytes", file), 2.5)
        if not headers:
            yield _beside(f"{name}: beside FastAPI returning dicts", kept, _theirs(settings, "dicts", file), 100)
        yield _beside(f"{name}: beside raw ASGI", kept, raw, 0.5)


def _miss(settings: Settings) -> Figure:
    hour = f"/api/v1/analytics/klines/BTCUSDT?interval=1m&limit={HOUR}"
    missed, body = _ours(settings, hour, {}, hot_answer_ms=0)
    get = _theirs(settings, "get", _file(settings, body))
    return Figure(
        f"a miss, {HOUR} klines: µs of CPU beside FastAPI and an async GET (≤ 1.5×)",
        "µs per answer",
        1e6 / missed.per_cpu_second,
        1.5e6 / get.per_cpu_second,
        1e6 / get.per_cpu_second,
    )


@dataclass(frozen=True)
class Run:
    """What wrk got, and what it took the server."""

    answers: int
    cpu_s: float
    seconds: float

    @property
    def per_second(self) -> float:
        """As the clock has it."""
        return self.answers / self.seconds

    @property
    def per_cpu_second(self) -> float:
        """Of the server's CPU."""
        return self.answers / self.cpu_s


def _beside(name: str, ours: Run, theirs: Run, at_least: float) -> Figure:
    return Figure(
        f"{name} (≥ {at_least:g}×)",
        "answers per CPU-second",
        ours.per_cpu_second,
        at_least * theirs.per_cpu_second,
        theirs.per_cpu_second,
    )


def _fill(settings: Settings) -> None:
    """Minutes up to now, for a hot hour that stands still is not believed."""
    now_ms = int(time.time() * 1_000)
    newest = now_ms // 60_000 - 1
    first = minute(number=0).open_time // 60_000
    rows = [minute(number=number) for number in range(newest - HOT - first, newest - first + 1)]
    trade = Trade("BTCUSDT", 10**9, rows[-1].close, rows[-1].volume, now_ms, buyer_is_maker=True)
    forming = minute(number=newest + 1 - first, closed=False)
    with closing(HotWriter(settings)) as hot, closing(WarmWriter(settings)) as warm:
        hot.write(rows)
        warm.write(rows)
    with closing(LiveWriter(settings)) as lane:
        lane.write([Change("BTCUSDT", None, trade, forming)], Clock(now_ms, now_ms, now_ms))


def _ours(settings: Settings, path: str, headers: Mapping[str, str], **own: int) -> tuple[Run, bytes]:
    limits = {"rate_limit_loopback": True, "rate_limit_per_minute": PLENTY, "source": "live"}
    served = settings.model_copy(update=limits | own)
    address = f"http://127.0.0.1:{served.port('api')}"
    with command(served, "serve") as process:
        wait_until(lambda: _answers(f"{address}/readyz"), what="serve answers")
        with urlopen(Request(address + path, headers=dict(headers)), timeout=10) as answer:
            body = answer.read()
        return _run(process.pid, address + path, headers), body


def _theirs(settings: Settings, name: str, file: Path) -> Run:
    port = settings.port("api") + THEIRS
    argv = [sys.executable, "-m", "bench.api.contenders", name, str(port), str(file)]
    process = subprocess.Popen(argv, env=child_environment(settings))
    try:
        wait_until(lambda: _answers(f"http://127.0.0.1:{port}/"), what=f"{name} answers")
        return _run(process.pid, f"http://127.0.0.1:{port}/")
    finally:
        process.kill()
        process.wait()


def _run(pid: int, url: str, headers: Mapping[str, str] = MappingProxyType({})) -> Run:
    server = psutil.Process(pid)
    _wrk(url, WARM_UP_S, headers)
    before = cpu_s(server)
    answers = _wrk(url, SECONDS, headers)
    return Run(answers, cpu_s(server) - before, SECONDS)


def _wrk(url: str, seconds: int, headers: Mapping[str, str]) -> int:
    told = [f"-H{name}: {value}" for name, value in headers.items()]
    argv = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", *told, url]
    said = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in said, said
    found = re.search(r"(\d+) requests in", said)
    assert found, said
    return int(found[1])


def _file(settings: Settings, body: bytes) -> Path:
    file = settings.data_dir / f"{len(body)}.json"
    file.write_bytes(body)
    return file


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=1):
            return True
    except (URLError, OSError):
        return False
