"""What became of each day of a backfill; the names are those of `--json`."""

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from wickstream.binance.archive import DAY_MS
from wickstream.operate.backfill.wanted import Day

LATE_DAYS = 7  # files were seen to be issued six days late


class Outcome(StrEnum):
    """Of one symbol's day."""

    STORED = "stored"
    THERE = "there"  # all of it was stored before
    NO_FILE_YET = "no file yet"  # the archive issues a day's file on the next day, or days later
    NO_FILE = "no file"  # and it will hardly come: not traded yet, or not any more
    FAILED = "failed"  # run it again


class Filled(msgspec.Struct):
    """One symbol's klines, or trades, of one day."""

    symbol: str
    day: str  # 2024-08-09
    what: str  # klines, trades
    outcome: Outcome = Outcome.STORED
    source: str | None = None  # archive: the daily file; exchange: REST
    stored: int = 0  # candles published, or trades that were not there before
    halts: int = 0  # minutes without a kline, of which the exchange has later ones
    missing_ids: int = 0  # of trades: inside the day, and at its ends where those are known
    is_complete: bool | None = None  # of trades: None: not known, for nobody told where the day begins or ends
    differing: int = 0  # minutes that are not what was stored before, or what the other record says
    first_differing: int | None = None  # ms, of trades
    note: str | None = None
    trouble: str | None = None
    seconds: float = 0.0


def unissued(day: Day, *, now_ms: int) -> Outcome:
    """What it means that a day has no file."""
    return Outcome.NO_FILE_YET if now_ms < day.ends_at + LATE_DAYS * DAY_MS else Outcome.NO_FILE


class Totals(msgspec.Struct):
    """Of all days."""

    candles: int = 0
    trades: int = 0
    halts: int = 0
    missing_ids: int = 0
    differing: int = 0
    days: dict[str, int] = msgspec.field(default_factory=dict)  # by outcome

    def count(self, one: Filled) -> None:
        """Add one."""
        self.candles += one.stored if one.what == "klines" else 0
        self.trades += one.stored if one.what == "trades" else 0
        self.halts += one.halts
        self.missing_ids += one.missing_ids
        self.differing += one.differing
        self.days[one.outcome] = self.days.get(one.outcome, 0) + 1

    @property
    def is_well(self) -> bool:
        """Nothing failed, and nothing contradicts."""
        return not (self.differing or Outcome.FAILED in self.days)


def totals(filled: Iterable[Filled]) -> Totals:
    """Of these."""
    sums = Totals()
    for one in filled:
        sums.count(one)
    return sums
