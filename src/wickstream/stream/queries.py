"""What the job can run: its queries, each with the topics it needs and the version of its checkpoint."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming.query import StreamingQuery

from wickstream.bus.producer import IdempotentProducer
from wickstream.bus.topics import ALERTS, FEED_GAPS, MINUTE_MARKS, PROCESSED_AGGS, RAW_TRADES
from wickstream.config import Settings
from wickstream.stream.alert_batches import AlertBatches, Judge
from wickstream.stream.candles import candles, to_records, trades_and_marks, trades_from_raw
from wickstream.stream.checkpoint import Checkpoint
from wickstream.stream.kafka import read_stream, write_batches, write_stream
from wickstream.stream.market_view import MarketView
from wickstream.stream.parts import Part
from wickstream.stream.progress import OBSERVED
from wickstream.stream.spike_alerts import SpikeJudge
from wickstream.stream.sweep_alerts import SweepJudge, trades_in_units
from wickstream.stream.threshold_table import ThresholdTable
from wickstream.stream.whale_query import start_whales

# A stop waits so long for a batch of alerts to end; an interrupted one would be told of as a failure.
_BATCH_PATIENCE_S = 2.0

# Both are judged in the driver, whose memory is small.
_MOST_TRADES, _MOST_CANDLES = 50_000, 20_000

# A sweep is to be told within a second of its last trade; nothing is promised of spikes.
_SWEEPS_EVERY, _SPIKES_EVERY = "250 milliseconds", "2 seconds"


class Started(NamedTuple):
    """A running query, and how to have it between two batches."""

    query: StreamingQuery
    between_batches: Callable[[], AbstractContextManager[None]] = nullcontext


@dataclass(frozen=True)
class Base:
    """What queries stand on."""

    session: SparkSession
    settings: Settings
    market: MarketView  # followed where there are alerts
    table: ThresholdTable  # written where there are alerts
    is_bounded: bool = False  # each query ends when it has taken in what was there when it began


@dataclass(frozen=True)
class Plan:
    """A query that can be started. Another plan, or another form of what it keeps, needs another `checkpoint`."""

    name: str
    checkpoint: str
    topics: frozenset[str]
    start: Callable[[Base, Checkpoint], Started]


def plans(part: Part) -> tuple[Plan, ...]:
    """The queries of a part."""
    chosen = {Part.CANDLES: (_CANDLES,), Part.ALERTS: _ALERTS, Part.ALL: (_CANDLES, *_ALERTS)}
    return chosen[part]


def start_candles(
    session: SparkSession, settings: Settings, *, checkpoint: Path | str, is_bounded: bool = False
) -> StreamingQuery:
    """Start the candle query; it goes on where `checkpoint` left off, or from the earliest records."""
    records = candle_records(session, settings)
    return write_stream(records, settings, PROCESSED_AGGS, checkpoint=checkpoint, is_bounded=is_bounded)


def candle_records(session: SparkSession, settings: Settings) -> DataFrame:
    """The candles of both topics as Kafka records, as they grow and when they close."""
    # A task of a partition each would cost 10 ms of CPU before its first record, nine times a batch.
    raw = read_stream(session, settings, RAW_TRADES, MINUTE_MARKS).coalesce(session.sparkContext.defaultParallelism)
    rows = trades_and_marks(raw).observe("records", F.count(F.lit(1)).alias(OBSERVED))
    return to_records(candles(rows, lateness=timedelta(hours=settings.lateness_hours)))


def _candles(base: Base, checkpoint: Checkpoint) -> Started:
    query = start_candles(base.session, base.settings, checkpoint=checkpoint.url, is_bounded=base.is_bounded)
    return Started(query)


def _whales(base: Base, checkpoint: Checkpoint) -> Started:
    query = start_whales(
        base.session, base.settings, table=base.table, checkpoint=checkpoint.url, is_bounded=base.is_bounded
    )
    return Started(query)


def _sweeps(base: Base, checkpoint: Checkpoint) -> Started:
    raw = read_stream(base.session, base.settings, RAW_TRADES, most_records=_MOST_TRADES)
    judge = SweepJudge(base.settings, base.market)
    return _start_judging(trades_in_units(trades_from_raw(raw)), judge, base, checkpoint, every=_SWEEPS_EVERY)


def _spikes(base: Base, checkpoint: Checkpoint) -> Started:
    raw = read_stream(base.session, base.settings, PROCESSED_AGGS, most_records=_MOST_CANDLES)
    judge = SpikeJudge(base.settings, base.market)
    return _start_judging(raw.select("value"), judge, base, checkpoint, every=_SPIKES_EVERY)


def _start_judging(rows: DataFrame, judge: Judge, base: Base, checkpoint: Checkpoint, *, every: str) -> Started:
    batches = AlertBatches(judge, checkpoint, IdempotentProducer(base.settings.kafka))
    query = write_batches(rows, batches, every=every, checkpoint=checkpoint.url, is_bounded=base.is_bounded)
    return Started(query, lambda: batches.held(patience_s=_BATCH_PATIENCE_S))


_CANDLES = Plan("candles", "candles-v5", frozenset({RAW_TRADES, MINUTE_MARKS, PROCESSED_AGGS}), _candles)
_ALERTS = (
    Plan("whales", "whales-v1", frozenset({RAW_TRADES, ALERTS, PROCESSED_AGGS, FEED_GAPS}), _whales),
    Plan("sweeps", "sweeps-v2", frozenset({RAW_TRADES, ALERTS, PROCESSED_AGGS, FEED_GAPS}), _sweeps),
    Plan("spikes", "spikes-v1", frozenset({PROCESSED_AGGS, ALERTS, FEED_GAPS}), _spikes),
)
