"""Alerts of all tiers as one list. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from wickstream.events import Alert, AlertType

Place = tuple[int, str]  # `at` and `alert_id`: what the list is in order of


@dataclass(frozen=True)
class AlertQuestion:
    """The newest `limit` alerts, newest first, that all of this is true of; None: of any.

    Attributes:
        start: ms, as `end` inclusive, compared with `at`.
        before: only what comes behind this place in the list.
    """

    limit: int
    type: AlertType | None = None
    symbol: str | None = None
    min_value: Decimal | None = None
    start: int | None = None
    end: int | None = None
    late: bool | None = None
    final: bool | None = None
    before: Place | None = None

    def is_about(self, alert: Alert) -> bool:
        """Tell whether it belongs into the list, however long that is."""
        return (
            self.type in (None, alert.type)
            and self.symbol in (None, alert.symbol)
            and (self.min_value is None or alert.value >= self.min_value)
            and (self.start is None or alert.at >= self.start)
            and (self.end is None or alert.at <= self.end)
            and self.late in (None, alert.late)
            and self.final in (None, alert.final)
            and (self.before is None or place_of(alert) < self.before)
        )


def place_of(alert: Alert) -> Place:
    """Where it stands in the list."""
    return (alert.at, alert.alert_id)


def newest_first(question: AlertQuestion, alerts: Iterable[Alert]) -> Sequence[Alert]:
    """The answer, out of more than that; no id may be there twice."""
    return sorted(filter(question.is_about, alerts), key=place_of, reverse=True)[: question.limit]


def further(question: AlertQuestion, *read: Sequence[Alert]) -> Place | None:
    """The place of the last alert of the first that is as long as was asked for; None: all are at their ends."""
    return next((place_of(alerts[-1]) for alerts in read if len(alerts) == question.limit), None)
