"""From batches to alerts, in this order: what was carried is read, alerts are published, the next carry is left."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame

from wickstream.bus.codec import HEADERS, encode
from wickstream.bus.producer import IdempotentProducer, Record
from wickstream.bus.topics import ALERTS
from wickstream.errors import WickstreamError
from wickstream.events import Alert
from wickstream.stream.checkpoint import Checkpoint

_LONGEST_CAUSE = 1_000


class Judged(NamedTuple):
    """What a batch comes to."""

    alerts: Sequence[Alert]
    carried: str  # for the judge of the next batch


Judge = Callable[[DataFrame, str | None], Judged]


class BatchFailed(WickstreamError):
    """A batch did not come to its end; Spark ends the query, and the next start repeats the batch."""


class AlertBatches:
    """What a query calls with each batch. A batch that is repeated is judged alike, so its alerts have the same ids."""

    def __init__(self, judge: Judge, checkpoint: Checkpoint, producer: IdempotentProducer) -> None:
        self._judge = judge
        self._checkpoint = checkpoint
        self._producer = producer
        self._turn = threading.Lock()

    def __call__(self, batch: DataFrame, number: int) -> None:
        """Publish the batch's alerts.

        Raises:
            BatchFailed: Whatever went wrong, in few words: Spark searches them in a way that takes a long text for an
                endless recursion.
        """
        if not self._turn.acquire(blocking=False):
            raise BatchFailed("the query is being stopped")
        try:
            self._take(batch, number)
        except (PySparkException, Py4JError, WickstreamError) as exc:
            raise BatchFailed(f"{type(exc).__name__}: {exc}"[:_LONGEST_CAUSE]) from None
        finally:
            self._turn.release()

    @contextmanager
    def held(self, *, patience_s: float) -> Iterator[None]:
        """Between two batches, unless one takes longer than `patience_s`; another begins only after the block."""
        has_turn = self._turn.acquire(timeout=patience_s)
        try:
            yield
        finally:
            if has_turn:
                self._turn.release()

    def _take(self, batch: DataFrame, number: int) -> None:
        judged = self._judge(batch, self._checkpoint.carried(into=number))
        for alert in judged.alerts:
            self._producer.publish(Record(ALERTS, alert.symbol, encode(alert), HEADERS))
        if judged.alerts:
            self._producer.flush()
        self._checkpoint.carry(judged.carried, out_of=number)
