"""`python -m bench [NAME …]`: run the benchmarks, print their tables and write JSON beside them."""

import json
import platform
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import psutil

from bench import hops, main_job, page, soak
from bench.api import answers, greedy, push, worker
from bench.ingest import side_by_side, sustained
from bench.latency import candles, sweeps, whales
from bench.store import archive, cold_reads, hot_reads, size, upkeep, verify, warm_reads, writes
from bench.stream import side_by_side as stream
from bench.table import Figure, render

BENCHMARKS = {
    "main-job": main_job.measure,
    "hops": hops.measure,
    "api": answers.measure,
    "api-worker": worker.measure,
    "api-greedy": greedy.measure,
    "push": push.measure,
    "page": page.measure,
    "ingest": side_by_side.measure,
    "sustained": sustained.measure,
    "soak": soak.measure,
    "store-reads-hot": hot_reads.measure,
    "store-reads-warm": warm_reads.measure,
    "store-reads-cold": cold_reads.measure,
    "stream": stream.measure,
    "latency-candles": candles.measure,
    "latency-whales": whales.measure,
    "latency-sweeps": sweeps.measure,
    "archive": archive.measure,
    "store-writes": writes.measure,
    "store-size": size.measure,
    "verify": verify.measure,
    "upkeep": upkeep.measure,
}
RESULTS = Path(__file__).parent / "results"


def main(names: list[str]) -> None:
    """Run those named, else all."""
    for name in names or list(BENCHMARKS):
        figures = BENCHMARKS[name]()
        print(render(name, figures))
        _write(name, figures)


def _write(name: str, figures: list[Figure]) -> None:
    RESULTS.mkdir(exist_ok=True)
    machine = f"{platform.machine()}, {psutil.cpu_count()} cores, {psutil.virtual_memory().total >> 30} GiB"
    found = {"benchmark": name, "at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine}
    figure_rows = [asdict(figure) | {"ratio": figure.ratio} for figure in figures]
    (RESULTS / f"{name}.json").write_text(json.dumps(found | {"figures": figure_rows}, indent=2) + "\n")


main(sys.argv[1:])
