"""A minute of alerts in memory."""

from collections.abc import Sequence
from decimal import Decimal

from tests.alerts import AT_MS, price_spike, whale
from wickstream.store.series.alert_reads import Alerts
from wickstream.store.series.alert_series import AlertQuestion, further, newest_first

WHALES = [whale(number, at=AT_MS + 1_000 * (number // 2), value=Decimal(100_000 * number)) for number in range(1, 10)]
SPIKE = price_spike("ETHUSDT", at=AT_MS - 60_000, final=False)


class FakeAlerts:
    """Nine whales, of which two each are of one time, and an older spike."""

    def __init__(self, away: Sequence[str]) -> None:
        self._away = tuple(away)

    async def read(self, question: AlertQuestion) -> Alerts:
        page = newest_first(question, [*WHALES, SPIKE])
        return Alerts(page, ("warm",), self._away, further(question, page))
