"""What processes load, and what they give back."""

import subprocess
import sys

import pytest

from wickstream.memory import give_back


def resident_mb() -> float:
    with open("/proc/self/statm", encoding="ascii") as numbers:  # noqa: PTH123 - not a file that has a path of its own
        return int(numbers.read().split()[1]) * 4_096 / 1e6


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's heap")
def test_what_was_freed_between_what_is_kept_goes_back_to_the_system() -> None:
    pieces = [bytes(2_000) for _ in range(50_000)]
    kept = pieces[::100]
    del pieces
    before = resident_mb()
    give_back()
    assert resident_mb() < before - 50
    assert len(kept) == 500


@pytest.mark.parametrize(
    ("module", "unused"),
    [
        ("wickstream.store.cold.candles", {"polars", "pyarrow", "pandas", "numpy"}),
        ("wickstream.operate.launch", {"redis", "polars", "deltalake", "fastapi", "pyspark", "aiohttp"}),
        ("wickstream.store.lane.tickers", {"psycopg", "polars", "deltalake", "fastapi", "aiohttp"}),
        ("wickstream.exchange.connector", {"redis", "psycopg", "polars", "deltalake", "fastapi"}),
    ],
)
def test_a_process_that_always_runs_loads_nothing_heavy_that_it_does_not_need(module: str, unused: set[str]) -> None:
    program = f"import sys, {module}; print(*({unused!r} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []
