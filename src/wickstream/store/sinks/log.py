"""The log: what needs no setting up."""

import structlog

from wickstream.events import Alert
from wickstream.store.sinks.message import line_of

log = structlog.get_logger(__name__)


class LogSink:
    """Alerts among the process's own events."""

    def send(self, alert: Alert) -> str:
        """Never fails."""
        log.info("alert", alert_id=alert.alert_id, text=line_of(alert))
        return "written"

    def close(self) -> None:
        """Nothing is held open."""
