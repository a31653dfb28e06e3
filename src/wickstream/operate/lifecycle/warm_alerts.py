"""Alerts of the warm tier that are old enough to go: proven to be in cold, put there if not, and deleted."""

from collections.abc import Sequence

from wickstream.config import Settings
from wickstream.events import Alert, AlertType
from wickstream.operate.lifecycle.report import Done, Outcome
from wickstream.operate.lifecycle.step import Progress, Warm
from wickstream.operate.validation.evidence import Fault
from wickstream.operate.validation.tally import Tally
from wickstream.store.cold.alerts import ColdAlerts
from wickstream.store.warm.old_alerts import alerts_before, count_before, delete_alerts


class WarmAlerts:
    """Type by type, some thousand at a time."""

    def __init__(self, warm: Warm, settings: Settings, before_ms: int, *, days: int) -> None:
        """`before_ms`: those of this time and later stay."""
        self.name = f"warm alerts kept for {days} days"
        self._warm = warm
        self._cold = ColdAlerts(settings)
        self._before_ms = before_ms

    def subjects(self) -> list[str]:
        """Types of which there are any."""
        with self._warm.used() as conn:
            return [str(kind) for kind in AlertType if count_before(conn, kind, self._before_ms)]

    def do(self, subject: str, *, dry_run: bool, progress: Progress) -> Done | None:
        """All of one type."""
        tally, put, gone = Tally(), 0, 0
        with self._warm.used() as conn:
            total = count_before(conn, AlertType(subject), self._before_ms)
            for found in alerts_before(conn, AlertType(subject), self._before_ms):
                lacking = behind(found, self._like(found))
                put += len(lacking)
                if dry_run:
                    gone += len(found)
                    continue
                self._cold.store(lacking, {})
                faults = differences(found, self._like(found))
                tally.count(faults.values(), judged=len(found))
                progress(gone, total)
                gone += delete_alerts(conn, [alert for alert in found if alert.alert_id not in faults])
        facts = {"rows": gone, "put in cold": put}
        if tally.found:
            trouble = f"kept: {tally.found:,} alerts that differ"
            return Done(step=self.name, subject=subject, outcome=Outcome.FAILED, facts=facts, trouble=trouble,
                        faults=tuple(tally.faults))  # fmt: skip
        return Done(step=self.name, subject=subject, outcome=Outcome.WOULD_BE if dry_run else Outcome.DONE, facts=facts)

    def _like(self, alerts: Sequence[Alert]) -> dict[str, Alert]:
        """What cold has of the times of these."""
        return {alert.alert_id: alert for alert in self._cold.read(alerts[0].at, alerts[-1].at)}


def behind(warm: Sequence[Alert], cold: dict[str, Alert]) -> list[Alert]:
    """Those that cold lacks, or has in a smaller version."""
    return [alert for alert in warm if alert.alert_id not in cold or cold[alert.alert_id].version < alert.version]


def differences(warm: Sequence[Alert], cold: dict[str, Alert]) -> dict[str, Fault]:
    """Why cold cannot stand for them, by their ids; a larger version there is the newer word."""
    found: dict[str, Fault] = {}
    for alert in warm:
        there = cold.get(alert.alert_id)
        if there is None or there.version < alert.version:
            found[alert.alert_id] = Fault(alert.symbol, alert.at, f"{alert.alert_id} is not in cold")
        elif there.version == alert.version and there != alert:
            found[alert.alert_id] = Fault(alert.symbol, alert.at, f"{alert.alert_id} is another in cold")
    return found
