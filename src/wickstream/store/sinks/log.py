"""The log: what needs no setting up."""

import structlog

from wickstream.events import Notice, Tellable
from wickstream.store.sinks.message import id_of, line_of

log = structlog.get_logger(__name__)


class LogSink:
    """Among the process's own events."""

    def send(self, told: Tellable, /) -> str:
        """Never fails."""
        if isinstance(told, Notice):
            log.warning("notice", notice_id=id_of(told), text=line_of(told))
        else:
            log.info("alert", alert_id=id_of(told), text=line_of(told))
        return "written"

    def close(self) -> None:
        """Nothing is held open."""
