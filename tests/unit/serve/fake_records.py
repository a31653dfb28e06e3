"""What PostgreSQL alone has, from memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.sample_market import MIDNIGHT_MS
from wickstream.events import MINUTE_MS, Author, Gap, GapStatus, SymbolEvent
from wickstream.serve.v1.trust_rows import ALL_TIME_MS
from wickstream.store.warm.gap_reads import GapPlace, GapQuestion
from wickstream.store.warm.hour_minutes import Hour, HourMinute
from wickstream.store.warm.integrity import HourCount
from wickstream.store.warm.proofs import Proof
from wickstream.store.warm.symbol_reads import SymbolRecord

HOUR_MS = 60 * MINUTE_MS
NAMES = ("BTCUSDT", "ETHUSDT")

GAPS = (
    Gap("BTCUSDT", 11, 20, None, MIDNIGHT_MS + 9_000, GapStatus.REPAIRED, "rest", "not filled in time"),
    Gap("ETHUSDT", None, None, MIDNIGHT_MS, MIDNIGHT_MS + 8_000, GapStatus.HALTED, evidence="a later kline"),
    Gap("BTCUSDT", 1, 3, None, MIDNIGHT_MS + 7_000, GapStatus.OPEN),
)

_FAULT = {"symbol": "BTCUSDT", "open_time": MIDNIGHT_MS, "what": "no candle"}
_CHECK = {"check": "completeness", "passed": True, "judged": 120, "found": 0, "faults": [], "remark": ""}
_REPORT = {"start": MIDNIGHT_MS - HOUR_MS, "end": MIDNIGHT_MS, "symbols": list(NAMES), "checks": [_CHECK]}
_FAULTY = _CHECK | {"passed": False, "found": 1, "faults": [_FAULT]}
PROOFS = (
    Proof("validate", MIDNIGHT_MS + 3_000, True, _REPORT),  # noqa: FBT003
    Proof("verify", MIDNIGHT_MS + 2_000, True, _REPORT | {"start": 0, "end": ALL_TIME_MS}),  # noqa: FBT003
    Proof("validate", MIDNIGHT_MS + 1_000, False, _REPORT | {"checks": [_FAULTY]}),  # noqa: FBT003
)


@dataclass(frozen=True)
class FakeRecords:
    """Three entries of the ledger; of each symbol every hour, with a missing minute before the last one."""

    answer_or_raise: Callable[[], None]

    async def gaps(self, question: GapQuestion) -> Sequence[Gap]:
        self.answer_or_raise()
        return [gap for gap in GAPS if _is_asked_for(gap, question)][: question.limit]

    async def hours(self, symbols: Sequence[str], first_ms: int, last_ms: int) -> Sequence[HourCount]:
        self.answer_or_raise()
        hours = range(first_ms - first_ms % HOUR_MS, last_ms + 1, HOUR_MS)
        return [
            HourCount(name, hour, 60, 50 + (hour >= MIDNIGHT_MS - HOUR_MS), 3, 4, 2, 0)
            for name in symbols
            for hour in hours
        ]

    async def hour(self, symbol: str, first_ms: int, last_ms: int) -> Hour:
        """The first minute was repaired, of the second there is nothing, the others were quiet."""
        self.answer_or_raise()
        made = {
            minute: HourMinute(minute, True, False, False, 0, 5, 4, 0, "trades", minute)  # noqa: FBT003
            for minute in range(first_ms, last_ms + 1, MINUTE_MS)
        }
        made[first_ms] = made[first_ms]._replace(trade_count=4, first_trade_id=1, last_trade_id=4, revision=1)
        made[first_ms + MINUTE_MS] = HourMinute(first_ms + MINUTE_MS, False, False, False, *[None] * 6)  # noqa: FBT003
        return Hour(list(made.values()), [gap for gap in GAPS if gap.symbol == symbol])

    async def proofs(self, kind: str | None, limit: int) -> Sequence[Proof]:
        self.answer_or_raise()
        return [proof for proof in PROOFS if kind in (None, proof.kind)][:limit]

    async def newest_closed(self, _: Sequence[str]) -> int | None:
        self.answer_or_raise()
        return MIDNIGHT_MS - MINUTE_MS

    async def names(self) -> Sequence[str]:
        self.answer_or_raise()
        return NAMES

    async def symbols(self, names: Sequence[str], *, events: int) -> Sequence[SymbolRecord]:
        self.answer_or_raise()
        history = [
            SymbolEvent(names[0], Author.EXCHANGE, "TRADING", MIDNIGHT_MS - number, chosen=True, chosen_by="list")
            for number in range(events)
        ]
        return [
            SymbolRecord(name, "TRADING", True, "list", "0/1", MIDNIGHT_MS, None, MIDNIGHT_MS, history)  # noqa: FBT003
            for name in names
        ]


def _is_asked_for(gap: Gap, question: GapQuestion) -> bool:
    return (
        question.symbol in (None, gap.symbol)
        and question.status in (None, gap.status)
        and (question.start or 0) <= gap.detected_at <= (question.end or gap.detected_at)
        and (question.behind is None or GapPlace.of(gap) < question.behind)
    )
