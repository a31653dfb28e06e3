"""Three days of a market to which all has happened that can, written to the real tiers by the code that writes them."""

import time
from collections.abc import Iterator
from decimal import Decimal

import msgspec

from tests.alerts import whale
from tests.candles import MIDNIGHT_MS, minute
from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.events import MINUTE_MS, Alert, AlertType, Gap, GapStatus, Trade
from wickstream.store.lane.forming import LaneMinute
from wickstream.store.lane.live import Change, Clock, LiveWriter
from wickstream.store.warm.alerts import upsert_alerts
from wickstream.store.warm.database import connect
from wickstream.store.warm.gaps import upsert_gaps
from wickstream.store.warm.migrations import migrate
from wickstream.store.warm.proofs import keep_proof
from wickstream.store.warm.writer import WarmWriter

TORN, STILL, WHOLE = "TORNUSDT", "STILLUSDT", "WHOLEUSDT"
SYMBOLS = (STILL, TORN, WHOLE)
MINUTES = 3 * 1_440
NOW_MS = MIDNIGHT_MS + MINUTES * MINUTE_MS + 31_000  # the last minute is due since a second
LAST_HOUR = MINUTES - 60
MISSING = range(LAST_HOUR - 60 + 12, LAST_HOUR - 60 + 15)  # of the hour before the last one
REPAIRED = range(LAST_HOUR - 180, LAST_HOUR - 180 + 20)
HALTED = range(LAST_HOUR - 300 + 30, LAST_HOUR - 300 + 45)
QUIET = range(LAST_HOUR - 600, LAST_HOUR - 480)
ENTRIES = 30  # of the ledger, filled long ago, so that it has a second page


def at(number: int) -> int:
    """Open time of a minute."""
    return MIDNIGHT_MS + number * MINUTE_MS


def _candles() -> Iterator[Candle]:
    for number in range(MINUTES):
        yield minute(WHOLE, number)
        if number not in MISSING and number not in HALTED:
            yield minute(TORN, number, revision=int(number in REPAIRED))
        quiet = {"trade_count": 0, "last_trade_id": 999 + 10 * number} if number in QUIET else {}
        yield minute(STILL, number, **quiet)


def _gaps() -> Iterator[Gap]:
    first, last = 1_000 + 10 * MISSING.start, 1_000 + 10 * MISSING.stop - 1
    yield Gap(TORN, first, last, None, at(MISSING.stop), GapStatus.OPEN, evidence="REST refused: 418, banned for 120 s")
    first, last = 1_000 + 10 * REPAIRED.start, 1_000 + 10 * REPAIRED.stop - 1
    evidence = "not filled within 60 s; left to repair"
    yield Gap(TORN, first, last, None, at(REPAIRED.stop), GapStatus.REPAIRED, "archive", evidence)
    proof = "the exchange has a later kline and none for this minute"
    for number in HALTED:
        yield Gap(TORN, None, None, at(number), at(number + 1), GapStatus.HALTED, evidence=proof)
    for number in range(ENTRIES):
        yield Gap(STILL, 1_005 + 10 * number, 1_006 + 10 * number, None, at(number + 1), GapStatus.FILLED, "rest")


def _alerts() -> Iterator[Alert]:
    for number in range(1, 71):
        worth = Decimal(100_000 + 10_000 * number)
        yield whale(number, TORN if number % 2 else WHOLE, at=at(MINUTES - 10 * number), value=worth)
    facts: dict[str, str | int] = {"trades": 1_128, "change_pct": "0.3571", "close": "61828.00000000"}
    volume = AlertType.VOLUME_SPIKE
    yield whale(0, STILL, type=volume, alert_id="volume_spike:1", at=at(MINUTES - 5), facts=facts)


def _report(*, passed: bool) -> bytes:
    fault = {"symbol": TORN, "open_time": at(MISSING.start), "what": "no candle"}
    chain = {"check": "chain", "passed": True, "judged": 12_942, "found": 0, "faults": [], "remark": ""}
    whole = chain | {"check": "completeness", "judged": 12_960}
    torn = whole | {"passed": False, "found": len(MISSING), "faults": [fault]}
    span = {"start": at(0), "end": at(MINUTES - 1), "symbols": list(SYMBOLS)}
    return msgspec.json.encode(span | {"checks": [chain, whole if passed else torn]})


def store_trouble(settings: Settings) -> None:
    """Candles, ledger, alerts and proofs into PostgreSQL; what the live lane has of the last minutes into Redis."""
    migrate(settings)
    writer = WarmWriter(settings)
    writer.write(list(_candles()))
    writer.close()
    with connect(settings) as conn:
        upsert_gaps(conn, _gaps())
        upsert_alerts(conn, _alerts())
    process_ms = time.time_ns() // 1_000_000
    for kind, passed, age_ms in (("verify", True, 3 * 3_600_000), ("validate", False, 90_000)):
        keep_proof(settings, kind, ended_at_ms=process_ms - age_ms, passed=passed, report=_report(passed=passed))
    lane = LiveWriter(settings)
    lane.write([_seen(symbol) for symbol in SYMBOLS], Clock(NOW_MS, process_ms, NOW_MS - 50))
    lane.close()


def _seen(symbol: str) -> Change:
    """The last ten minutes, the first of them in part; of one symbol the lane has another volume in one of them."""
    newest = minute(symbol, MINUTES)
    trade = Trade(symbol, newest.first_trade_id or 0, newest.open, Decimal(1), NOW_MS - 50, buyer_is_maker=False)
    candles = [minute(symbol, number, closed=False) for number in range(MINUTES - 10, MINUTES)]
    if symbol == TORN:
        candles[4] = msgspec.structs.replace(candles[4], volume=candles[4].volume + 1)
    ended = tuple(LaneMinute(number > 0, candle) for number, candle in enumerate(candles))
    return Change(symbol, None, trade, None, ended=ended)
