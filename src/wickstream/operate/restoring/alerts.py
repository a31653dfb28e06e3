"""Alerts made the same in warm and in cold."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing

import msgspec
import structlog

from wickstream.config import Settings
from wickstream.events import Alert
from wickstream.store.cold.alerts import ColdAlerts
from wickstream.store.warm.alerts import replace_alerts
from wickstream.store.warm.audit_reads import AuditReader
from wickstream.store.warm.database import PASSING, busy, connect

log = structlog.get_logger(__name__)


def mend_alerts(
    settings: Settings,
    named: Collection[str],
    *,
    span: tuple[int, int],
    was_cold_damaged: bool,
    tell: Callable[[str], None],
) -> None:
    """Those of these ids. The lake's files are what they were, so its word on an alert is the right one.

    `was_cold_damaged`: it lost some, which warm still has. Else what it never had, nobody published.

    Raises:
        StoreBusy: If a store does not answer; run again, it goes on from there.
    """
    table = ColdAlerts(settings)
    cold = {alert.alert_id: alert for alert in table.read(*span)}
    with AuditReader.open(settings) as reader:
        warm = {alert.alert_id: alert for alert in reader.alerts(*span)}
    lost = [warm[one] for one in warm.keys() - cold.keys() if was_cold_damaged and is_itself(warm[one])]
    table.store(lost, {})
    foreign = [warm[one] for one in named if one in warm and one not in cold and warm[one] not in lost]
    wrong = [cold[one] for one in named if one in cold and warm.get(one) != cold[one]]
    _replace(settings, wrong, gone=[alert.alert_id for alert in foreign])
    for alert in foreign:
        log.warning("removed from warm", row=msgspec.json.encode(alert).decode())
    told: Mapping[str, Sequence[Alert]] = {
        "brought back to cold": lost,
        "put right in warm": wrong,
        "removed from warm": foreign,
    }
    tell("alerts: " + (", ".join(f"{len(some):,} {what}" for what, some in told.items() if some) or "as they were"))


def is_itself(alert: Alert) -> bool:
    """Tell whether its id is that of what it says."""
    return alert.alert_id.startswith(f"{alert.type}:{alert.symbol}:")


def _replace(settings: Settings, alerts: Sequence[Alert], *, gone: Sequence[str]) -> None:
    try:
        with closing(connect(settings)) as conn:
            replace_alerts(conn, alerts, gone=gone)
            conn.commit()
    except PASSING as exc:
        raise busy(exc) from exc
