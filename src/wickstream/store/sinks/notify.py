"""Alerts to one sink, as a loop of the writer drives it: each once, and the offsets moved behind each."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import islice

import structlog
from confluent_kafka import Message

from wickstream import metrics
from wickstream.bus.consumer import Place, Positions, place_of
from wickstream.bus.groups import committed_offsets
from wickstream.bus.history import History
from wickstream.bus.topics import ALERTS
from wickstream.config import Settings
from wickstream.errors import SinkBusy, Unpublishable
from wickstream.events import Alert
from wickstream.sink_settings import SinkName
from wickstream.stopping import Stop
from wickstream.store.dead_letters import DeadLetters
from wickstream.store.intake import Batch, Rejected, batch_of
from wickstream.store.sinks.gate import Filters, Gate, Verdict
from wickstream.store.sinks.sink import Sink, open_sink

log = structlog.get_logger(__name__)

READ_BACK = 10_000  # records of a partition before the committed offset
PIECE = 500
STALE_MS = 86_400_000  # a sink that was away longer is not flooded with what nobody wants to know any more
LONGEST_PAUSE_S = 60.0


class Notifier:
    """A tier whose store is a sink."""

    topics = (ALERTS,)
    rows = 1  # the offset moves behind each alert that was told: only the one under way at a crash comes twice
    fill_s = 0.0

    def __init__(
        self, settings: Settings, name: SinkName, sink: Sink, *, clock: Callable[[], float] = time.time
    ) -> None:
        self.name = self.group = f"notify-{name}"
        self._sink_name = str(name)
        self._kafka = settings.kafka
        self._sink = sink
        self._clock = clock
        self._gate = Gate(Filters.of(settings))
        self._letters = DeadLetters(settings.kafka)
        self._positions: Positions = {}  # settled, and not given to the loop yet
        self._passed_over = 0
        self._failures = 0  # in a row
        for outcome in ("told", "failed", "refused"):  # so that they read 0 before the first
            metrics.ALERTS_OFFERED.labels(self._sink_name, outcome)

    def prepare(self) -> None:
        """Nothing has to be there."""

    def start_offsets(self, places: Sequence[Place]) -> Mapping[Place, int]:
        """The group's own, and the end of the topic where it has none; what lies before that was settled."""
        with History(self._kafka) as history:
            bounds = history.bounds(ALERTS)
            committed = committed_offsets(self._kafka, self.group, places)
            starts = {place: _start(committed.get(place), *bounds[place.partition]) for place in places}
            self._read_back(history, starts)
        self._positions = dict(starts)  # committed with the first turn, so that a new sink stays where it began
        return starts

    def _read_back(self, history: History, starts: Mapping[Place, int]) -> None:
        """Judge again what was judged before, so that it is known what was told."""
        backs = {place.partition: max(0, offset - READ_BACK) for place, offset in starts.items()}
        records = history.read(ALERTS, backs)
        while piece := list(islice(records, PIECE)):
            for alert in batch_of(m for m in piece if (m.offset() or 0) < starts[place_of(m)]).alerts:
                self._gate.settle(alert, self._gate.judge(alert))

    def take(self, batch: Batch) -> Positions:
        """Told when it returns; positions of what is passed over wait for a while."""
        told = [self._settle(*pair) for pair in zip(batch.alerts, batch.alert_records, strict=True)]
        self._positions.update(batch.positions)
        self._passed_over += len(batch.positions)
        is_due = any(told) or not batch.positions or self._passed_over >= PIECE
        return self.finish() if is_due else {}

    def finish(self) -> Positions:
        """The positions that still waited."""
        positions, self._positions, self._passed_over = self._positions, {}, 0
        return positions

    def close(self) -> None:
        """Let go of the connection."""
        self._sink.close()

    def _settle(self, alert: Alert, record: Message) -> bool:
        """Whether the sink was told, or refused."""
        verdict = self._gate.judge(alert)
        if verdict is Verdict.TELL and self._is_stale(record):
            verdict = Verdict.STALE
        outcome = self._tell(alert, record) if verdict is Verdict.TELL else str(verdict)
        self._gate.settle(alert, verdict)
        metrics.ALERTS_OFFERED.labels(self._sink_name, outcome).inc()
        return verdict is Verdict.TELL

    def _is_stale(self, record: Message) -> bool:
        _kind, published_at = record.timestamp()
        return self._clock() * 1_000 - published_at > STALE_MS

    def _tell(self, alert: Alert, record: Message) -> str:
        try:
            self._sink.send(alert)
        except SinkBusy as exc:
            self._failures += 1
            metrics.ALERTS_OFFERED.labels(self._sink_name, "failed").inc()
            raise SinkBusy(str(exc), retry_after_s=max(exc.retry_after_s, _pause_s(self._failures))) from exc
        except Unpublishable as exc:
            log.warning("a sink refuses an alert", sink=self._sink_name, alert_id=alert.alert_id, reason=exc.reason)
            self._letters.set_aside([Rejected(record, f"{self.name}: {exc.reason}")])
            return "refused"
        self._failures = 0
        return str(Verdict.TELL)


def notifiers(settings: Settings, *, stop: Stop) -> list[Notifier]:
    """One for each sink that is named."""
    return [Notifier(settings, name, open_sink(name, settings, stop=stop)) for name in settings.alert_sinks]


def _start(committed: int | None, first: int, end: int) -> int:
    """Also where the topic lost what was committed, or was made anew."""
    return end if committed is None else min(max(committed, first), end)


def _pause_s(failures: int) -> float:
    """Doubling, so that a sink that is away for hours is not asked thousands of times; half of it is chance."""
    ceiling = min(LONGEST_PAUSE_S, 2.0 ** min(failures - 1, 16))
    return ceiling * random.uniform(0.5, 1.0)  # noqa: S311
