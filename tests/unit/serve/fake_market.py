"""What the tiers say of the whole market, from memory."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from tests.sample_market import MIDNIGHT_MS, a_candle
from wickstream.events import MINUTE_MS
from wickstream.store.lane.agreement import Comparison
from wickstream.store.lane.pulse import Pulse
from wickstream.store.series.board import Moment
from wickstream.store.series.market_reads import Vital, Vitals
from wickstream.store.series.turnover import Basis, Turnover, Turnovers

NOW = Moment(now_ms=MIDNIGHT_MS + 7, as_of_ms=MIDNIGHT_MS, lag_ms=7)

TURNOVERS = (
    Turnover("BTCUSDT", Decimal("4044"), 600, Decimal("102.5"), Decimal("2.5")),
    Turnover("ETHBTC", Decimal("50"), 700, Decimal("0.05"), Decimal("-1")),
    Turnover("ETHUSDT", Decimal("4100"), 600, Decimal("5"), Decimal("0")),
    Turnover("WHATEVER", Decimal("9000"), 1, Decimal("5"), Decimal("0")),
)
CLOSES = ((MIDNIGHT_MS, Decimal("100")), (MIDNIGHT_MS + 2 * MINUTE_MS, Decimal("102.50")))  # a minute lacks
VITALS = (
    Vital("BTCUSDT", MIDNIGHT_MS, MIDNIGHT_MS, 7, "TRADING", Pulse.OK),
    Vital("DOTUSDT", None, None, None, "HALT", Pulse.HALTED),
    Vital("ETHUSDT", MIDNIGHT_MS - 1_000, MIDNIGHT_MS - 90_000, 1_007, "TRADING", Pulse.QUIET),
)


@dataclass(frozen=True)
class FakeMarket:
    """Four symbols in three quote assets; of one the name does not tell which."""

    answer_or_raise: Callable[[], None]

    async def moment(self) -> Moment:
        return NOW

    async def vitals(self) -> Vitals:
        self.answer_or_raise()
        return Vitals(VITALS, ("demo", "lane", "warm"), NOW, away=())

    async def day(self) -> Turnovers:
        self.answer_or_raise()
        return Turnovers(TURNOVERS, Basis.TICKERS, complete=True, sources=("demo", "lane"), moment=NOW)

    async def hour(self) -> Turnovers:
        self.answer_or_raise()
        first, second = TURNOVERS[:2]
        rows = (replace(first, closes=CLOSES), second)
        return Turnovers(rows, Basis.CANDLES, complete=False, sources=("demo", "hot"), moment=NOW)

    async def followed(self) -> Sequence[str]:
        self.answer_or_raise()
        return ("BTCUSDT", "DOTUSDT", "ETHUSDT")

    async def agreement(self, symbols: Sequence[str]) -> Mapping[str, Comparison]:
        self.answer_or_raise()
        differing = {"BTCUSDT": [(a_candle(), "volume 4 here, 5 live")]}
        return {name: Comparison(8, 1, 1, differing.get(name, []), MIDNIGHT_MS) for name in symbols}
