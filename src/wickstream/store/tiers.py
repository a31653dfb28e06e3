"""The three tiers, as the writer's loops drive them."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

import structlog

from wickstream import metrics
from wickstream.bus.consumer import Place, Positions
from wickstream.bus.topics import ALERTS, FEED_GAPS, MINUTE_MARKS, PROCESSED_AGGS, SYMBOL_EVENTS, topic_ids
from wickstream.candle import Candle, supersedes
from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.store.cold.candles import ColdCandles
from wickstream.store.hot.hour import HotWriter
from wickstream.store.hot.rebuild import rebuild
from wickstream.store.intake import Batch
from wickstream.store.offsets import Identify, StoredOffsets
from wickstream.store.tier import BATCH_ROWS, FILL_S
from wickstream.store.versions import Key, Written, key_of
from wickstream.store.warm.migrations import migrate
from wickstream.store.warm.writer import WarmWriter

COLD_ROWS = 50_000  # a commit is due before its time when this much waits
FILL_AGAIN_S = 10.0

log = structlog.get_logger(__name__)


_newest_ended_ms: dict[str, int] = {}  # by tier


def count(tier: str, written: Written, offered: Collection[Candle]) -> None:
    """Put into the metrics what became of the candles that were offered, and tell of those that contradict."""
    metrics.TIER_WRITES.labels(tier, "stored").inc(written.stored)
    metrics.TIER_WRITES.labels(tier, "older").inc(written.older)
    metrics.CONTRADICTIONS.labels(tier).inc(written.contradicting)
    if written.contradicting:
        times = [candle.open_time for candle in offered]
        among = {"symbols": sorted({candle.symbol for candle in offered}), "first": min(times), "last": max(times)}
        log.error("candles contradict those of equal version", tier=tier, count=written.contradicting, **among)
    # History that is filled is not new.
    known_ms = _newest_ended_ms.get(tier, 0)
    ended_ms = max((candle.close_time + 1 for candle in offered if candle.closed), default=0)
    if ended_ms > known_ms:
        _newest_ended_ms[tier] = ended_ms
        metrics.NEWEST_CLOSED.labels(tier).set(ended_ms / 1_000)


class Hot:
    """Redis."""

    name = "hot"
    group = "write-hot"
    rows = BATCH_ROWS
    fill_s = FILL_S
    topics = (PROCESSED_AGGS,)

    def __init__(self, settings: Settings, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._writer = HotWriter(settings)
        self._clock = clock
        self._fill_at = float("-inf")

    def prepare(self) -> None:
        """Redis answers."""
        self._writer.ping()

    def start_offsets(self, places: Sequence[Place]) -> Mapping[Place, int]:
        """The group's own."""
        return {}

    def take(self, batch: Batch) -> Positions:
        """Stored when it returns."""
        if not self._writer.is_filled() and self._clock() >= self._fill_at:
            self._fill()
        if batch.candles:
            count(self.name, self._writer.write(batch.candles), batch.candles)
        return batch.positions

    def _fill(self) -> None:
        """From PostgreSQL, if that answers: what it holds up is a tenth of the time at most."""
        began = self._clock()
        try:
            written = rebuild(self._settings, self._writer)
        except StoreBusy as exc:
            log.warning("the hot hour is not filled yet", error=str(exc))
            self._fill_at = self._clock() + max(FILL_AGAIN_S, 10 * (self._clock() - began))
        else:
            log.info("the hot hour is filled", candles=written.stored, seconds=round(self._clock() - began, 2))

    def finish(self) -> Positions:
        """Nothing waits."""
        return {}

    def close(self) -> None:
        """Let go of the connections."""
        self._writer.close()


class Warm:
    """PostgreSQL. Its offsets are in its own transactions; Kafka's only tell others how far it has come."""

    name = "warm"
    group = "write-warm"
    rows = BATCH_ROWS
    fill_s = FILL_S
    topics = (PROCESSED_AGGS, MINUTE_MARKS, FEED_GAPS, SYMBOL_EVENTS, ALERTS)

    def __init__(self, settings: Settings, *, identify: Identify | None = None) -> None:
        self._settings = settings
        self._writer = WarmWriter(settings)
        self._offsets = StoredOffsets(self.group, identify=identify or partial(topic_ids, settings.kafka))

    def prepare(self) -> None:
        """The tables are there."""
        migrate(self._settings)

    def start_offsets(self, places: Sequence[Place]) -> Mapping[Place, int]:
        """Those of the newest transaction; all that Kafka has where nothing is stored.

        Where a version stored that kept none, the group's own, but for the history of symbols: what was said before its
        table was made is read again.
        """
        kept = self._writer.offsets()
        starts = self._offsets.starts(places, (kept or {}).get)
        if kept is not None:
            return starts
        events = [place for place in places if place.topic == SYMBOL_EVENTS]
        return {} if not events or self._writer.is_symbol_history_begun() else dict.fromkeys(events, 0)

    def take(self, batch: Batch) -> Positions:
        """Stored when it returns, all in one transaction."""
        if batch.positions or batch.candles or batch.marks or batch.gaps or batch.events or batch.alerts:
            rows = (batch.candles, batch.marks, batch.gaps, batch.alerts)
            offsets = self._offsets.named(batch.positions)
            written = self._writer.write(*rows, events=batch.events, offsets=offsets)
            count(self.name, written, batch.candles)
        return batch.positions

    def finish(self) -> Positions:
        """Nothing waits."""
        return {}

    def close(self) -> None:
        """Let go of the connection."""
        self._writer.close()


class Cold:
    """The lake. Its offsets are in its own commits; Kafka's only tell others how far it has come."""

    name = "cold"
    group = "write-cold"
    rows = BATCH_ROWS
    fill_s = FILL_S
    topics = (PROCESSED_AGGS,)

    def __init__(
        self, settings: Settings, *, clock: Callable[[], float] = time.monotonic, identify: Identify | None = None
    ) -> None:
        self._table = ColdCandles(settings)
        self._offsets = StoredOffsets(self.group, identify=identify or partial(topic_ids, settings.kafka))
        self._seconds = settings.cold_commit_seconds
        self._clock = clock
        self._committed_at = clock()
        self._waiting: dict[Key, Candle] = {}
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
        for candle in batch.candles:
            held = self._waiting.get(key_of(candle))
            if candle.closed and (held is None or supersedes(candle, held)):
                self._waiting[key_of(candle)] = candle
        self._positions.update(batch.positions)
        return self.finish() if self._is_due() else {}

    def _is_due(self) -> bool:
        waited = self._clock() - self._committed_at
        return bool(self._positions) and (waited >= self._seconds or len(self._waiting) >= COLD_ROWS)

    def finish(self) -> Positions:
        """Commit what waits; open candles need no commit, and leave nobody behind."""
        if self._waiting:
            candles = self._waiting.values()
            count(self.name, self._table.store(candles, self._offsets.named(self._positions)), candles)
        durable = dict(self._positions)
        self._waiting.clear()
        self._positions.clear()
        self._committed_at = self._clock()
        return durable

    def close(self) -> None:
        """Nothing is held open."""
