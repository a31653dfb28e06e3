"""Alerts as one list: out of PostgreSQL, and what that has let go out of the lake."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.events import Alert
from wickstream.store.series.alert_series import AlertQuestion, Place, further, newest_first
from wickstream.store.series.held import Held
from wickstream.store.series.slow_reads import SlowReads
from wickstream.store.series.stitching import attempt
from wickstream.store.warm.alert_pages import is_archived_before, kept_since_ms, read_page, unknown
from wickstream.store.warm.reads import WarmReader

if TYPE_CHECKING:
    from wickstream.store.cold.alerts import ColdAlerts

KEPT_HOLDS_S = 10.0  # a month is let go once in thirty days


@dataclass(frozen=True)
class Alerts:
    """A page of the list.

    Attributes:
        tiers: those that gave some of it.
        away: those that may hold more of it and did not answer.
        further: behind which place there may be more, also if this page is not full; None: behind none.
    """

    alerts: Sequence[Alert]
    tiers: tuple[str, ...]
    away: tuple[str, ...]
    further: Place | None


class AlertsReader:
    """The lake is read by one question at a time, in a thread; its library is imported by the first of them."""

    def __init__(self, settings: Settings, warm: WarmReader) -> None:
        self._settings = settings
        self._warm = warm
        self._slow_reads = SlowReads("reads of the lake")
        self._kept_since = Held(KEPT_HOLDS_S, lambda: kept_since_ms(warm, settings.warm_days))

    async def read(self, question: AlertQuestion) -> Alerts:
        """A page, each id once, of the largest version.

        Raises:
            StoreBusy: If neither PostgreSQL nor the lake answers.
        """
        held, no_warm = await attempt(read_page(self._warm, question))
        if held is not None and not await self._may_lack(question, held):
            return Alerts(held, ("warm",) if held else (), (), further(question, held))
        archived, no_cold = await attempt(self._archived(question))
        if held is None and archived is None:
            raise StoreBusy(f"{no_warm}; {no_cold}")
        older = archived
        if held is not None and archived:
            older, no_warm = await attempt(unknown(self._warm, archived))
        away = {"warm": no_warm, "cold": no_cold}
        parts = {"warm": held or [], "cold": older or []}
        page = newest_first(question, [alert for part in parts.values() for alert in part])
        return Alerts(
            page,
            tuple(tier for tier, part in parts.items() if part),
            tuple(tier for tier, trouble in away.items() if trouble),
            further(question, page, archived or ()),  # of those some may be known to PostgreSQL, and be left out here
        )

    async def _may_lack(self, question: AlertQuestion, held: Sequence[Alert]) -> bool:
        """Tell whether the page reaches back to where PostgreSQL has let some go: what came late may still be there."""
        since_ms, _trouble = await attempt(self._kept_since.get())
        if since_ms is None:
            return True
        reaches_ms = held[-1].at if len(held) == question.limit else question.start or 0
        if reaches_ms >= since_ms:
            return False
        is_archived, trouble = await attempt(is_archived_before(self._warm, since_ms))
        return is_archived or trouble is not None

    async def _archived(self, question: AlertQuestion) -> Sequence[Alert]:
        return await self._slow_reads.after_all(lambda: self._lake.page(question))

    @cached_property
    def _lake(self) -> "ColdAlerts":
        from wickstream.store.cold.alerts import ColdAlerts

        return ColdAlerts(self._settings)
