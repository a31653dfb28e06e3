"""What a running query says of itself, as metrics."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import structlog
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException

from wickstream import metrics
from wickstream.stream.failures import cause_of
from wickstream.stream.late import LateTrades

log = structlog.get_logger()

# Names of the counts that the query keeps of its well-formed records, by topic.
OBSERVED = "well_formed"

Progress = Mapping[str, Any]


class ProgressMeter:
    """Counts each batch of a query once, however often it is shown.

    `late_trades`: what a batch left out, asked only of those that left something out.
    """

    def __init__(self, query: str, late_trades: Callable[[Progress], LateTrades]) -> None:
        self.batches_done = 0
        self._query = query
        self._late_trades = late_trades
        self._newest_batch = -1
        for metric in (metrics.STREAM_ROWS, metrics.STREAM_BATCH, metrics.STREAM_LAG, metrics.STREAM_LATE):
            metric.labels(query)  # so that they read 0 before the first batch

    def take(self, recent: Iterable[Progress]) -> None:
        """Take in the query's recent progress reports, oldest first."""
        for progress in recent:
            if progress["batchId"] > self._newest_batch and progress["numInputRows"] > 0:
                self._newest_batch = progress["batchId"]
                self.batches_done += 1
                _count(self._query, progress)
                if windows := sum(operator["numRowsDroppedByWatermark"] for operator in progress["stateOperators"]):
                    self._tell_of_late(progress, windows)

    def _tell_of_late(self, progress: Progress, windows: int) -> None:
        """Trades, or marks, of which Spark tells only how many windows they were of."""
        say = log.bind(query=self._query, batch=progress["batchId"], windows=windows)
        try:
            late = self._late_trades(progress)
        except (PySparkException, Py4JError) as exc:  # the latter where pyspark has no name for it, as for lost offsets
            say.warning("late records dropped, and not here any more to be counted", cause=cause_of(exc))
            return
        metrics.STREAM_LATE.labels(self._query).inc(late.trades)
        say.warning("late records dropped; their minutes stay open until repair", **late._asdict())


def _count(query: str, progress: Progress) -> None:
    rows = progress["numInputRows"]
    metrics.STREAM_ROWS.labels(query).inc(rows)
    metrics.STREAM_BATCH.labels(query).observe(progress["durationMs"]["triggerExecution"] / 1_000)
    metrics.STREAM_LAG.labels(query).set(sum(map(_lag, progress["sources"])))
    if progress["observedMetrics"]:
        metrics.STREAM_MALFORMED.labels(query).inc(max(rows - well_formed(progress), 0))
    for operator in progress["stateOperators"]:
        metrics.STREAM_STATE_ROWS.labels(query).set(operator["numRowsTotal"])


def _lag(source: Mapping[str, Any]) -> int:
    """Records behind the end of its topic: Spark tells the mean over the partitions, and lists them."""
    partitions = sum(map(len, json.loads(source["endOffset"]).values()))
    return round(float(source["metrics"].get("avgOffsetsBehindLatest", 0)) * partitions)


def well_formed(progress: Progress) -> int:
    """Records of the batch that were trades or marks."""
    return sum(int(counts[OBSERVED]) for counts in progress["observedMetrics"].values())
