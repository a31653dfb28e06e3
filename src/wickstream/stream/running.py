"""A running query: watched, started again on a new checkpoint where its own is at fault, and stopped."""

from functools import partial

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

from wickstream.stream.checkpoint import Checkpoint, is_checkpoints_fault
from wickstream.stream.failures import QueryFailed, cause_of, with_advice
from wickstream.stream.late import late_trades
from wickstream.stream.progress import ProgressMeter
from wickstream.stream.queries import Base, Plan, Started

_WARM_AFTER_BATCHES = 2  # the first does again what was in the middle
_HAS_READ_ALL = "Waiting for data to arrive"  # Spark's words


class RunningQuery:
    """One query of the job; it may have several lives, one after the other.

    Attributes:
        is_done: it was to take in what was there, and has.
    """

    def __init__(self, plan: Plan, base: Base) -> None:
        self.name = plan.name
        self._plan = plan
        self._base = base
        self._checkpoint = Checkpoint(base.session, f"{base.settings.checkpoints_url}/{plan.checkpoint}")
        self._started: Started | None = None
        self.is_done = False
        self._begin()

    def look(self) -> None:
        """Take in its progress; if it has failed, start it again or give up.

        Raises:
            QueryFailed: If it failed for another reason than its checkpoint.
        """
        if self._started is None:
            return
        query = self._started.query
        is_active = query.isActive  # asked first: what it reported at its end is taken in below
        self._meter.take(query.recentProgress)
        if is_active:
            return
        failure = query.exception()
        if failure is None and self._base.is_bounded:
            self.is_done = True
        else:
            self._mend(failure or QueryFailed("it ended without a word"))

    @property
    def is_warm(self) -> bool:
        """Whether its code is loaded and compiled, as of the last look, or nothing is there to be read."""
        if self._meter.batches_done >= _WARM_AFTER_BATCHES:
            return True
        return self._started is not None and self._started.query.status["message"] == _HAS_READ_ALL

    def stop(self) -> None:
        """End it, if it runs, between two batches; what was in the middle is done again by the next start."""
        if self._started is not None:
            with self._started.between_batches():
                self._started.query.stop()

    def _begin(self) -> None:
        late = partial(late_trades, self._base.session, self._base.settings)
        self._meter, self._is_resumed = ProgressMeter(self.name, late), self._checkpoint.exists()
        try:
            self._started = self._plan.start(self._base, self._checkpoint)
        except (PySparkException, Py4JJavaError) as exc:
            self._mend(exc)

    def _mend(self, failure: Exception) -> None:
        cause, done = cause_of(failure), self._meter.batches_done
        may_be_old = self._is_resumed or done > 0  # a checkpoint just made cannot be the cause
        if not (may_be_old and is_checkpoints_fault(cause, batches_done=done)):
            raise QueryFailed(f"{self.name}: {with_advice(cause, topics=self._plan.topics)}") from failure
        self._checkpoint.discard(cause=cause)
        self._begin()
