"""What a running query says of itself, as metrics."""

from collections.abc import Iterable, Mapping
from typing import Any

from wickstream import metrics

# Names of the counts that the query keeps of its well-formed records, by topic.
OBSERVED = "well_formed"

Progress = Mapping[str, Any]


class ProgressMeter:
    """Counts each micro-batch once, however often it is shown."""

    def __init__(self) -> None:
        self.batches_done = 0
        self._newest_batch = -1

    def take(self, recent: Iterable[Progress]) -> None:
        """Take in the query's recent progress reports, oldest first."""
        for progress in recent:
            if progress["batchId"] > self._newest_batch and progress["numInputRows"] > 0:
                self._newest_batch = progress["batchId"]
                self.batches_done += 1
                _count(progress)


def _count(progress: Progress) -> None:
    rows = progress["numInputRows"]
    metrics.STREAM_ROWS.inc(rows)
    metrics.STREAM_BATCH.observe(progress["durationMs"]["triggerExecution"] / 1_000)
    metrics.STREAM_MALFORMED.inc(max(rows - well_formed(progress), 0))
    for operator in progress["stateOperators"]:
        metrics.STREAM_LATE.inc(operator["numRowsDroppedByWatermark"])
        metrics.STREAM_STATE_ROWS.set(operator["numRowsTotal"])


def well_formed(progress: Progress) -> int:
    """Records of the batch that were trades or marks."""
    return sum(int(counts[OBSERVED]) for counts in progress["observedMetrics"].values())
