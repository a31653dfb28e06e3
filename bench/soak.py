"""Ten million trades through the whole stack: what of memory and open files grows by the trade, by process."""

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

import psutil

from bench.processes import running_stack
from bench.table import Figure
from wickstream.config import PORT_OFFSETS
from wickstream.footprint import memory_of
from wickstream.operate.supervision.supervisor import read_state

PORT_BASE = 28_400
TRADES, RATE, SYMBOLS = 10_000_000, 5_000, 20
WARM_UP = 2_500_000  # heaps, caches and page pools have their size by then
LOOK_S = 10.0
SLOPE_MB = 1.0  # a million trades


class Look(NamedTuple):
    """What a process takes after so many trades."""

    trades: int
    bytes: int
    files: int


def measure() -> list[Figure]:
    """Looks every ten seconds; the slope is that of the line through them, once all is warm."""
    with (
        tempfile.TemporaryDirectory(prefix="wickstream-bench-") as folder,
        running_stack(Path(folder), PORT_BASE, "soak", f"--generate=symbols={SYMBOLS},rate={RATE}"),
    ):
        looks: dict[str, list[Look]] = {}
        began_s = time.monotonic()
        while (trades := _published()) < TRADES:
            for name, look in _looks(Path(folder) / "soak", trades):
                looks.setdefault(name, []).append(look)
            print(f"\r{trades:,} of {TRADES:,} trades", end="", file=sys.stderr, flush=True)
            time.sleep(LOOK_S)
        rate = trades / (time.monotonic() - began_s)
    return [Figure("trades", "millions", trades / 1e6), Figure("a second", "trades", rate), *_figures(looks)]


def _figures(looks: Mapping[str, list[Look]]) -> Iterator[Figure]:
    for name, every in looks.items():
        warm = [look for look in every if look.trades >= WARM_UP]
        if len(warm) < 2:  # a job that ended at the beginning
            continue
        millions = [look.trades / 1e6 for look in warm]
        memory = statistics.linear_regression(millions, [look.bytes / 1e6 for look in warm])
        files = statistics.linear_regression(millions, [look.files for look in warm])
        yield Figure(f"{name}: memory at the end", "MB", every[-1].bytes / 1e6)
        yield Figure(f"{name}: memory, a million trades", "MB", memory.slope, SLOPE_MB)
        yield Figure(f"{name}: open files, a million trades", "files", files.slope)


def _looks(folder: Path, trades: int) -> Iterator[tuple[str, Look]]:
    state = read_state(folder / "run")
    for row in state.processes if state else ():
        if row.pid is None:
            continue
        with suppress(psutil.Error):
            process = psutil.Process(row.pid)
            family = [process, *process.children(recursive=True)]
            yield row.name, Look(trades, memory_of(row.pid) or 0, sum(each.num_fds() for each in family))


def _published() -> int:
    """Trades in Kafka, as the connector counts them."""
    try:
        with urlopen(f"http://127.0.0.1:{PORT_BASE + PORT_OFFSETS['connector']}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
    except (URLError, TimeoutError):
        return 0
    return int(sum(float(line.rsplit(" ", 1)[1]) for line in lines if _counts(line)))


def _counts(line: str) -> bool:
    return line.startswith("wickstream_trades_published_total{")
