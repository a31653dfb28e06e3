"""Which alerts a sink is told: those that pass its filters, each once, and not too many of a kind. Pure."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Self

from wickstream.config import Settings
from wickstream.events import Alert, AlertType

SETTLED_IDS = 50_000  # an id comes again within minutes of its first time, or late, and late ones are never told


class Verdict(StrEnum):
    """What becomes of an alert at a sink."""

    TELL = "told"
    LATE = "late"
    FILTERED = "filtered"
    REPEATED = "repeated"
    COOLING_DOWN = "cooling_down"
    STALE = "stale"  # it waited too long for the sink


@dataclass(frozen=True)
class Filters:
    """What a sink is for."""

    types: frozenset[AlertType]
    symbols: frozenset[str]  # none: all
    min_usd: Decimal  # price spikes have no size, and pass
    cool_down_ms: int  # of trade time, between two of a type and symbol

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As set."""
        return cls(
            frozenset(settings.alert_types),
            frozenset(settings.alert_symbols),
            settings.alert_min_usd,
            settings.alert_cool_down_ms,
        )

    def passes(self, alert: Alert) -> bool:
        """Whether type, symbol and size are wanted."""
        is_wanted = alert.type in self.types and (not self.symbols or alert.symbol in self.symbols)
        return is_wanted and (alert.type == AlertType.PRICE_SPIKE or alert.value >= self.min_usd)


class Gate:
    """Remembers what was told. The same alerts in the same order lead to the same verdicts."""

    def __init__(self, filters: Filters) -> None:
        self._filters = filters
        self._settled: dict[str, None] = {}  # ids, the oldest first
        self._told_at: dict[tuple[AlertType, str], int] = {}

    def judge(self, alert: Alert) -> Verdict:
        """Asking changes nothing."""
        if alert.late:
            return Verdict.LATE
        if not self._filters.passes(alert):
            return Verdict.FILTERED
        if alert.alert_id in self._settled:
            return Verdict.REPEATED
        return Verdict.COOLING_DOWN if self._is_cooling_down(alert) else Verdict.TELL

    def _is_cooling_down(self, alert: Alert) -> bool:
        told_at = self._told_at.get((alert.type, alert.symbol))
        return told_at is not None and abs(alert.at - told_at) < self._filters.cool_down_ms

    def settle(self, alert: Alert, verdict: Verdict) -> None:
        """To be called once its verdict is carried out: an id that passed the filters is not told any more."""
        if verdict not in (Verdict.TELL, Verdict.COOLING_DOWN):
            return
        self._settled[alert.alert_id] = None
        if len(self._settled) > SETTLED_IDS:
            del self._settled[next(iter(self._settled))]
        if verdict is Verdict.TELL:
            kind = (alert.type, alert.symbol)
            self._told_at[kind] = max(alert.at, self._told_at.get(kind, alert.at))
