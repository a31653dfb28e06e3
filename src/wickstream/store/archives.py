"""The lake's tables of trades and alerts, as the writer's loops drive them.

A commit is due every `COLD_COMMIT_SECONDS`, or when much waits. The offsets that count are in the commits themselves.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import polars as pl

from wickstream import metrics
from wickstream.bus.consumer import Place, Positions
from wickstream.bus.history import History
from wickstream.bus.topics import ALERTS, RAW_TRADES, topic_ids
from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.events import Alert
from wickstream.store.cold.alerts import ColdAlerts, newest
from wickstream.store.cold.raw_trades import trades_in
from wickstream.store.cold.trade_columns import in_order
from wickstream.store.cold.trades import GROUP, TradesArchive
from wickstream.store.dead_letters import DeadLetters
from wickstream.store.intake import Batch
from wickstream.store.offsets import Identify, StoredOffsets
from wickstream.store.tier import BATCH_ROWS, FILL_S

LARGEST_BYTES = 32 * 1_024**2  # of columns that wait: 600,000 trades; their commit takes three times as much besides
LARGEST_ALERTS = 20_000


class Trades:
    """`raw_trades`. What is none is set aside here, because no other tier reads them."""

    name = "cold-trades"
    group = GROUP
    rows = 10_000
    fill_s = 0.25  # so that columns are made of thousands of records at once
    topics = (RAW_TRADES,)

    def __init__(
        self, settings: Settings, *, clock: Callable[[], float] = time.monotonic, identify: Identify | None = None
    ) -> None:
        self._archive = TradesArchive(settings)
        self._letters = DeadLetters(settings.kafka)
        self._offsets = StoredOffsets(self.group, identify=identify or partial(topic_ids, settings.kafka))
        self._due = _Due(settings.cold_commit_seconds, clock)
        self._waiting: list[pl.DataFrame] = []
        self._positions: Positions = {}
        self._kept: Batch | None = (
            None  # it comes again if its commit fails; offsets do not tell, a topic may begin anew
        )

    def prepare(self) -> None:
        """The table makes itself."""

    def start_offsets(self, places: Sequence[Place]) -> Mapping[Place, int]:
        """Those of the newest commit."""
        self._waiting.clear()
        self._positions.clear()
        self._kept = None
        return self._offsets.starts(places, self._archive.offset)

    def take(self, batch: Batch) -> Positions:
        """Kept until a commit is due; then durable up to here."""
        if batch.positions and batch is not self._kept:
            self._keep(batch)
        is_much = sum(frame.estimated_size() for frame in self._waiting) >= LARGEST_BYTES
        durable = self.finish() if self._positions and (is_much or self._due.is_now()) else {}
        self._kept = None
        return durable

    def _keep(self, batch: Batch) -> None:
        trades, rejected = trades_in(batch.trades)
        # 1. Letters, because a commit moves the offsets past them.
        if rejected:
            self._letters.set_aside(rejected)
        # 2. Trades.
        self._waiting.append(trades)
        self._positions.update(batch.positions)
        self._kept = batch

    def finish(self) -> Positions:
        """Commit what waits."""
        if not self._positions:
            return {}
        offered = sum(frame.height for frame in self._waiting)
        self._waiting = [in_order(pl.concat(self._waiting))]
        stored = self._archive.append(self._waiting[0], self._offsets.named(self._positions))
        metrics.TIER_WRITES.labels(self.name, "stored").inc(stored)
        metrics.TIER_WRITES.labels(self.name, "older").inc(offered - stored)
        durable = dict(self._positions)
        self._waiting.clear()
        self._positions.clear()
        self._due.begin()
        return durable

    def close(self) -> None:
        """Nothing is held open."""


class Alerts:
    """`alerts`. What is none is set aside by the warm tier."""

    name = "cold-alerts"
    group = "write-alerts"
    rows = BATCH_ROWS
    fill_s = FILL_S
    topics = (ALERTS,)

    def __init__(
        self, settings: Settings, *, clock: Callable[[], float] = time.monotonic, identify: Identify | None = None
    ) -> None:
        self._table = ColdAlerts(settings)
        self._offsets = StoredOffsets(self.group, identify=identify or partial(topic_ids, settings.kafka))
        self._due = _Due(settings.cold_commit_seconds, clock)
        self._waiting: list[Alert] = []
        self._positions: Positions = {}

    def prepare(self) -> None:
        """The table makes itself."""

    def start_offsets(self, places: Sequence[Place]) -> Mapping[Place, int]:
        """Those of the newest commit."""
        self._waiting.clear()
        self._positions.clear()
        return self._offsets.starts(places, self._table.offset)

    def take(self, batch: Batch) -> Positions:
        """Kept until a commit is due; then durable up to here."""
        self._waiting = newest([*self._waiting, *batch.alerts]) if batch.alerts else self._waiting
        self._positions.update(batch.positions)
        is_due = len(self._waiting) >= LARGEST_ALERTS or self._due.is_now()
        return self.finish() if self._waiting and is_due else {}

    def finish(self) -> Positions:
        """Commit what waits."""
        if not self._waiting:
            return {}
        stored = self._table.store(self._waiting, self._offsets.named(self._positions))
        metrics.TIER_WRITES.labels(self.name, "stored").inc(stored)
        metrics.TIER_WRITES.labels(self.name, "older").inc(len(self._waiting) - stored)
        durable = dict(self._positions)
        self._waiting.clear()
        self._positions.clear()
        self._due.begin()
        return durable

    def close(self) -> None:
        """Nothing is held open."""


def has_all_alerts(settings: Settings) -> bool:
    """Tell whether all that the topic has is in the lake's table; False where one of the two does not answer."""
    try:
        with History(settings.kafka) as history:
            ends = {Place(ALERTS, number): bounds for number, bounds in history.bounds(ALERTS).items()}
        offsets = Alerts(settings).start_offsets(list(ends))
    except StoreBusy:
        return False
    return all(first == end or offsets[place] >= end for place, (first, end) in ends.items())


class _Due:
    """When the next commit is."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._begun_at = clock()

    def begin(self) -> None:
        """From now on."""
        self._begun_at = self._clock()

    def is_now(self) -> bool:
        return self._clock() - self._begun_at >= self._seconds
