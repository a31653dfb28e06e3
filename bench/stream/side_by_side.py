"""From a full topic to candles: ours beside the job as tutorials write it, other stream processors, and a batch."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import psutil

from bench.ingest.cost import Cost, heard
from bench.ingest.frames import Market
from bench.ingest.published import Arrivals
from bench.peers import ROOT, peer_python
from bench.processes import broker
from bench.stream.spark_job import PLAIN
from bench.stream.topic import fill
from bench.table import Figure
from wickstream.bus.codec import decode
from wickstream.bus.topics import PROCESSED_AGGS, Topic, create_topics
from wickstream.candle import Candle
from wickstream.config import Settings

PORT_BASE = 21_040
TRADES, PEERS_TRADES = 9_000_000, 150_000
MARKET = Market(symbols=20, trades=TRADES, begins_ms=1_732_300_020_000, per_second=2_500)
IN_MEMORY = replace(MARKET, trades=3_000_000)
FEWER = "some_trades"  # the topic of those that take 30 µs and more for each
ROUNDS = 3
NEEDED = 170_000  # trades a second
DEADLINE_S = 900.0


@dataclass(frozen=True)
class _Place:
    folder: Path
    settings: Settings
    broker: psutil.Process

    def run(self, argv: list[str]) -> Cost:
        """What a contender tells, with what the broker used meanwhile."""
        before = _cpu_s(self.broker)
        with (self.folder / "contenders.log").open("ab") as log:
            environment = os.environ | {"PYTHONPATH": str(ROOT)}
            done = subprocess.run(
                argv,
                cwd=self.folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=log,
                timeout=DEADLINE_S,
                check=True,
            )
        cost = heard(done.stdout.splitlines()[-1])
        return replace(cost, cpu_s=cost.cpu_s + _cpu_s(self.broker) - before)


def measure() -> list[Figure]:
    """All on the same cores, one after another; Spark's two in turn: of theirs, all runs count."""
    with tempfile.TemporaryDirectory(prefix="wickstream-bench-") as folder, _place(Path(folder)) as place:
        minutes = fill(place.settings.kafka, MARKET)
        fill(place.settings.kafka, replace(MARKET, trades=PEERS_TRADES), topic=FEWER)
        rounds = [(_exact(place, minutes), _spark(place, "plain", records=TRADES)) for _ in range(ROUNDS)]
        ours, plain = (_together(runs) for runs in zip(*rounds, strict=True))
        quix, bytewax = _peer(place, "quixstreams"), _peer(place, "bytewax")
        batch = place.run([sys.executable, "-m", "bench.stream.batch_limit", "--market", json.dumps(asdict(IN_MEMORY))])
    load = psutil.getloadavg()[1]
    return [
        Figure(f"a full topic to candles (load {load:.1f})", "trades/s", _rate(ours), NEEDED),
        _beside("beside the plain Spark job (≥ 1×)", ours, plain, at_least=1),
        Figure("as the clock has it", "trades/s", _rate(ours), None, _rate(plain)),
        _beside("beside quixstreams (≥ 3×)", ours, quix, at_least=3),
        _beside("beside bytewax", ours, bytewax),
        Figure("polars, in memory, is the limit", "trades per CPU-second", ours.per_cpu_second, batch.per_cpu_second),
    ]


def _together(runs: tuple[Cost, ...]) -> Cost:
    return Cost(sum(run.messages for run in runs), sum(run.cpu_s for run in runs), sum(run.wall_s for run in runs))


def _rate(cost: Cost) -> float:
    return cost.messages / cost.wall_s


def _beside(name: str, ours: Cost, peers: Cost, *, at_least: int | None = None) -> Figure:
    limit = None if at_least is None else at_least * peers.per_cpu_second
    return Figure(name, "trades per CPU-second, broker included", ours.per_cpu_second, limit, peers.per_cpu_second)


@contextmanager
def _place(folder: Path) -> Iterator[_Place]:
    settings = Settings(data_dir=folder / "data", port_base=PORT_BASE, kafka_bootstrap_servers=None)
    with broker(settings) as process:
        create_topics(settings.kafka, [Topic(PLAIN, 3, retention_days=1), Topic(FEWER, 6, retention_days=1)])
        yield _Place(folder, settings, process)


def _exact(place: _Place, minutes: int) -> Cost:
    """Ours; every minute must come out closed, and every trade counted, or it does not count."""
    arrivals = Arrivals(place.settings.kafka, [PROCESSED_AGGS])
    cost = _spark(place, "exact", records=TRADES + minutes)
    counted = sum(_closed(arrivals, minutes).values())
    arrivals.close()
    assert counted == TRADES, f"{counted} of {TRADES} trades in closed minutes"
    return cost


def _closed(arrivals: Arrivals, minutes: int) -> dict[tuple[str, int], int]:
    closed: dict[tuple[str, int], int] = {}
    for values in arrivals.values(sys.maxsize, deadline_s=60):
        candles = [decode(value, Candle) for value in values]
        closed |= {(c.symbol, c.open_time): c.trade_count for c in candles if c.closed}
        if len(closed) == minutes:
            break
    return closed


def _spark(place: _Place, kind: str, *, records: int) -> Cost:
    data_dir = place.folder / f"{kind}-{time.monotonic_ns()}"
    argv = [sys.executable, "-m", "bench.stream.spark_job", kind, "--data-dir", str(data_dir)]
    argv += ["--port-base", str(PORT_BASE + 20), "--kafka", place.settings.kafka, "--records", str(records)]
    return _told(kind, place.run(argv))


def _peer(place: _Place, name: str) -> Cost:
    contender = ROOT / "bench/peers" / name / "contender.py"
    argv = [str(peer_python(name)), str(contender), "--kafka", place.settings.kafka]
    return _told(name, place.run([*argv, "--topic", FEWER, "--trades", str(PEERS_TRADES)]))


def _told(name: str, cost: Cost) -> Cost:
    print(f"  {name:12} {cost.us_per_message:8.2f} µs of CPU, {_rate(cost):9,.0f}/s", file=sys.stderr)
    return cost


def _cpu_s(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system)
