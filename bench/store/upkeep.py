"""What a lifecycle costs, and what it gives: a symbol's 90 days in PostgreSQL before and after, a month of the lake."""

import resource
import statistics
import time
from collections.abc import Callable
from contextlib import closing

import polars as pl
import psycopg
from psycopg import sql

from bench.store.made_up import BEGIN_MS, DAY_MINUTES, candles
from bench.store.servers import running
from bench.table import Figure
from wickstream.config import Settings
from wickstream.events import MINUTE_MS
from wickstream.operate.lifecycle.calendar import day_name
from wickstream.operate.lifecycle.step import Warm
from wickstream.operate.lifecycle.warm_order import WarmCleared, WarmInOrder
from wickstream.operate.servers.local import postgres_spec
from wickstream.store.series.frames import SCHEMA
from wickstream.store.warm.bulk import BulkReader
from wickstream.store.warm.database import conninfo
from wickstream.store.warm.migrations import migrate
from wickstream.store.warm.partitions import Months

SYMBOLS, DAYS = 50, 90
TIMES = 5
DAY_MS = DAY_MINUTES * MINUTE_MS
END_MS = BEGIN_MS + DAYS * DAY_MS

_COPY = sql.SQL("COPY candles ({}) FROM STDIN (FORMAT csv)").format(sql.SQL(", ").join(map(sql.Identifier, SCHEMA)))


def measure() -> list[Figure]:
    """Filled as the writer does it, minute by minute over all symbols: some minutes."""
    with running(postgres_spec) as settings:
        migrate(settings)
        _fill(settings)
        before = _read(settings)
        asked, moved = _in_order(settings)
        after = _read(settings)
        asked_again, _ = _in_order(settings)
        return [
            Figure(f"a symbol's {DAYS} days of {SYMBOLS}, as they came: median", "ms", before),
            Figure(f"a symbol's {DAYS} days of {SYMBOLS}, in order: median", "ms", after, peer=before),
            Figure(f"{DAYS} days of {SYMBOLS} symbols put in order, and cleared", "s", moved),
            Figure("asked whether they are, and they are not", "s", asked),
            Figure("asked whether they are, and they are", "s", asked_again),
            Figure("most memory", "MB", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024),
        ]


def _fill(settings: Settings) -> None:
    shape = candles("S00USDT", days=DAYS)
    names = pl.Series("symbol", [f"S{number:02}USDT" for number in range(SYMBOLS)])
    with psycopg.connect(conninfo(settings), autocommit=True) as conn:
        for first in range(0, shape.height, DAY_MINUTES):
            day = shape.slice(first, DAY_MINUTES).drop("symbol").join(names.to_frame(), how="cross")
            Months().make(conn, [day["open_time"][0], day["open_time"][-1]])
            with conn.cursor().copy(_COPY) as copy:
                copy.write(day.select(SCHEMA.names()).write_csv(include_header=False).encode())
        conn.execute("VACUUM (ANALYZE) candles")


def _read(settings: Settings) -> float:
    """Symbols that nobody read before: ms."""
    took = []
    with closing(BulkReader(settings)) as reader:
        for number in range(TIMES + 1):
            began = time.perf_counter()
            assert reader.candles(f"S{7 * number:02}USDT", BEGIN_MS, END_MS, SCHEMA).height == DAYS * DAY_MINUTES
            took.append(1_000 * (time.perf_counter() - began))
    return statistics.median(took[1:])


def _in_order(settings: Settings) -> tuple[float, float]:
    """How long it takes to ask, and to do it: s."""
    with closing(Warm(settings)) as warm:
        step = WarmInOrder(warm, END_MS + DAY_MS, days=10_000)
        days = step.subjects()
        assert days[0] == day_name(BEGIN_MS)
        return (
            _seconds(lambda: [step.do(day, dry_run=True, progress=_silent) for day in days]),
            _seconds(lambda: _do(warm, step, days)),
        )


def _do(warm: Warm, step: WarmInOrder, days: list[str]) -> None:
    for day in days:
        step.do(day, dry_run=False, progress=_silent)
    clearing = WarmCleared(warm)
    for partition in clearing.subjects():
        clearing.do(partition, dry_run=False, progress=_silent)


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _silent(*_: int) -> None:
    """Nobody watches."""
