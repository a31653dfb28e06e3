"""Live push: many who listen to the same, on one core; and a trade's way from the exchange to who listens.

`PUSH_SCALE=0.1` makes it a tenth as large, to see that it works.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import msgspec
import psutil

from bench.processes import cpu_s, running_stack
from bench.table import Figure
from tests.live_crowd import Crowd, quantile
from tests.push_server import streams
from tests.running import wait_until

PORT_BASE = 28_600
SCALE = float(os.environ.get("PUSH_SCALE", "1"))
SUBSCRIBERS, SYMBOLS, PER_SECOND = int(1_000 * SCALE), 20, 10
SLOW_SHARE = 0.1
WARM_UP_S, SECONDS = 10.0, max(10.0, 40.0 * SCALE)  # whoever is slow is closed before it counts
TRADES_PER_SECOND = 1_000
SETTLE_S = 30.0 * SCALE  # the stream job's first batches take the machine


def measure() -> list[Figure]:
    """The crowd in this process looks at large reads only; the server has a core to itself where there are two."""
    alone, alone_p99_ms = _fan_out(slow=0)
    beside, _ = _fan_out(slow=int(SUBSCRIBERS * SLOW_SHARE), p99_ms=1.2 * alone_p99_ms)
    return [*alone, *beside, *_trades()]


def _fan_out(*, slow: int, p99_ms: float = 250.0) -> tuple[list[Figure], float]:
    with _push_server() as server:
        crowd = Crowd.of(PORT_BASE, streams(SYMBOLS), count=SUBSCRIBERS, slow=slow)
        crowd.listen(WARM_UP_S)
        crowd.forget()
        used_s = cpu_s(server)
        crowd.listen(SECONDS)
        cores = (cpu_s(server) - used_s) / SECONDS
        memory_mb = server.memory_info().rss / 1e6
        crowd.close()
    name = f"{SUBSCRIBERS:,} × {SYMBOLS} symbols × {PER_SECOND}/s{f', {slow} of them slow' if slow else ''}"
    p99 = quantile(crowd.delays_s, 0.99) * 1_000
    lost = sum(ear.ended_s is not None for ear in crowd.fast)
    figures = [
        Figure(f"{name}: update to subscriber, p50", "ms", quantile(crowd.delays_s, 0.5) * 1_000),
        Figure("p99", "ms", p99, p99_ms),
        Figure("frames received", "1/s", sum(ear.frames for ear in crowd.fast) / SECONDS),
        Figure("disconnected of those who read", "", lost, 0.0),
        Figure("the server", "cores", cores, 1.0),
        Figure("its memory (RSS)", "MB", memory_mb),
    ]
    return figures, p99


@contextlib.contextmanager
def _push_server() -> Iterator[psutil.Process]:
    argv = [sys.executable, "-m", "tests.push_server", str(PORT_BASE), str(SYMBOLS), str(PER_SECOND)]
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    server, own = psutil.Process(process.pid), psutil.Process()
    cores = own.cpu_affinity() or [0]
    try:
        wait_until(_answers, what="the server answers")
        server.cpu_affinity(cores[:1])
        own.cpu_affinity(cores[1:] or cores)
        yield server
    finally:
        own.cpu_affinity(cores)
        process.kill()
        process.wait()


def _trades() -> Iterator[Figure]:
    """Through the whole stack: local exchange, connector, Kafka, API."""
    market = f"--generate=symbols={SYMBOLS},rate={TRADES_PER_SECOND},seed=7"
    with (
        tempfile.TemporaryDirectory(prefix="wickstream-bench-") as folder,
        running_stack(Path(folder), PORT_BASE, "push", market),
    ):
        wait_until(lambda: len(_streams_of_trades()) == SYMBOLS, what="every symbol traded")
        crowd = Crowd.of(PORT_BASE, _streams_of_trades(), count=1, stamp_digits=13)
        crowd.listen(SETTLE_S)
        crowd.forget()
        crowd.listen(SECONDS)
        crowd.close()
    yield Figure("trades received", "1/s", crowd.ears[0].frames / SECONDS)
    yield Figure("exchange's stamp to subscriber, whole stack: p50", "ms", quantile(crowd.delays_s, 0.5) * 1_000, 10.0)
    yield Figure("p99", "ms", quantile(crowd.delays_s, 0.99) * 1_000, 50.0)


def _streams_of_trades() -> list[str]:
    with urlopen(f"http://127.0.0.1:{PORT_BASE}/api/v3/ticker/price", timeout=10) as answer:
        return [f"{row['symbol'].lower()}@trade" for row in msgspec.json.decode(answer.read())]


def _answers() -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{PORT_BASE}/livez", timeout=1):
            return True
    except (URLError, OSError):
        return False
