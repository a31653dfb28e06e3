"""Alerts as one list: out of PostgreSQL, and what that has let go out of the lake."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.events import Alert
from wickstream.store.series.alert_series import AlertQuestion, newest_first
from wickstream.store.series.stitching import attempt
from wickstream.store.warm.alert_pages import has_let_go, read_page, unknown
from wickstream.store.warm.reads import WarmReader

if TYPE_CHECKING:
    from wickstream.store.cold.alerts import ColdAlerts


@dataclass(frozen=True)
class Alerts:
    """A page of the list.

    Attributes:
        tiers: those that gave some of it.
        away: those that may hold more of it and did not answer.
    """

    alerts: Sequence[Alert]
    tiers: tuple[str, ...]
    away: tuple[str, ...]


class AlertsReader:
    """The lake is read by one question at a time, in a thread; its library is imported by the first of them."""

    def __init__(self, settings: Settings, warm: WarmReader) -> None:
        self._settings = settings
        self._warm = warm
        self._lock = asyncio.Lock()
        self._lake: ColdAlerts | None = None

    async def read(self, question: AlertQuestion) -> Alerts:
        """A page, each id once, of the largest version.

        Raises:
            StoreBusy: If neither PostgreSQL nor the lake answers.
        """
        held, no_warm = await attempt(read_page(self._warm, question))
        if held is not None and (len(held) == question.limit or not await self._may_be_archived(question)):
            return Alerts(held, ("warm",) if held else (), ())
        archived, no_cold = await attempt(self._archived(question))
        if held is None and archived is None:
            raise StoreBusy(f"{no_warm}; {no_cold}")
        older = archived
        if held is not None and archived:
            older, no_warm = await attempt(unknown(self._warm, archived))
        away = {"warm": no_warm, "cold": no_cold}
        parts = {"warm": held or [], "cold": older or []}
        return Alerts(
            newest_first(question, [alert for part in parts.values() for alert in part]),
            tuple(tier for tier, part in parts.items() if part),
            tuple(tier for tier, trouble in away.items() if trouble),
        )

    async def _may_be_archived(self, question: AlertQuestion) -> bool:
        has_older, _trouble = await attempt(has_let_go(self._warm, self._settings.warm_days))
        return has_older is not False

    async def _archived(self, question: AlertQuestion) -> Sequence[Alert]:
        async with self._lock:
            return await asyncio.to_thread(lambda: self._opened().page(question))

    def _opened(self) -> "ColdAlerts":
        if self._lake is None:
            from wickstream.store.cold.alerts import ColdAlerts

            self._lake = ColdAlerts(self._settings)
        return self._lake
