"""Two hours of a symbol in three tiers, and what a proof of them finds."""

from collections.abc import Callable
from typing import Any, LiteralString

import psycopg

from tests.candles import MIDNIGHT_MS
from tests.id_hash import id_hash
from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.events import MINUTE_MS, Mark
from wickstream.operate.verify import verify
from wickstream.store.warm.database import conninfo

LAST = 120
WHOLE = ("files", "chain in warm", "chain in cold", "warm = cold", "hot = warm", "marks = warm", "alerts: warm = cold")
FAST = ("chain in warm", "chain in cold", "count in warm = in cold")
Damage = Callable[[Settings], None]


def at(number: int) -> int:
    return MIDNIGHT_MS + number * MINUTE_MS


def faults(settings: Settings, **options: Any) -> dict[str, list[tuple[int | None, str]]]:
    """What each check found."""
    report, _ = verify(settings, settings.ticker_symbols, start_ms=0, end_ms=2**53, tell=lambda _: None, **options)
    assert report.passed == all(check.passed for check in report.checks)
    return {check.check: [(fault.open_time, fault.what) for fault in check.faults] for check in report.checks}


def in_postgres(statement: LiteralString, number: int) -> Damage:
    def damage(settings: Settings) -> None:
        with psycopg.connect(conninfo(settings), autocommit=True) as conn:
            conn.execute(statement, (at(number),))

    return damage


def mark_of(candle: Candle) -> Mark:
    """As the connector publishes it."""
    first, last = candle.first_trade_id or 0, candle.last_trade_id or 0
    ids = range(first, last + 1)
    return Mark(candle.symbol, candle.open_time, first, last, len(ids), sum(ids), id_hash(ids), candle.close, last + 1)
