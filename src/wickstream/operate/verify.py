"""The proof: what is stored, held against itself, tier against tier, and against the exchange's own klines."""

import time
from collections.abc import Callable, Sequence
from contextlib import closing

from wickstream.config import Settings
from wickstream.operate.proof.by_day import DayProof
from wickstream.operate.proof.checks import Checks
from wickstream.operate.proof.damage import Damage
from wickstream.operate.proof.klines import Klines
from wickstream.operate.proof.tiers import TierReader
from wickstream.operate.proof.whole import WholeProof
from wickstream.operate.validation.evidence import Report
from wickstream.operate.validation.noting import note_report
from wickstream.store.hot.hour import open_client

SETTLING_MS = 10_000  # on its way from one tier to the next, besides what the cold tier waits for on purpose

Tell = Callable[[str], None]


def verify(
    settings: Settings,
    symbols: Sequence[str],
    *,
    start_ms: int,
    end_ms: int,
    fast: bool = False,
    against: Klines | None = None,
    tell: Tell,
) -> tuple[Report, Damage]:
    """Judge the closed minutes of these symbols, and the lake's files that may hold some; open times, both inclusive.

    `fast`: the chain of ids and the number of candles alone. A tier that does not answer is a fault, and so is a file
    that is not what it was. `tell`: what is looked at.
    """
    span, settled_ms = (start_ms, end_ms), settled_before_ms(settings)
    with closing(TierReader(settings)) as tiers, closing(open_client(settings)) as client:
        if fast:
            tell(f"{len(symbols)} symbols by the day")
            by_day = DayProof(settings, tiers, span=span, settled_ms=settled_ms)
            by_day.judge(symbols)
            return _noted(settings, symbols, span, by_day.checks)
        proof = WholeProof(settings, tiers, client, span=span, settled_ms=settled_ms, against=against)
        tell("files")
        proof.judge_files()
        for number, symbol in enumerate(symbols, 1):
            tell(f"{symbol} ({number} of {len(symbols)})")
            proof.judge(symbol)
        proof.judge_alerts(symbols)
        return _noted(settings, symbols, span, proof.checks)


def settled_before_ms(settings: Settings) -> int:
    """What was published before should be in every tier by now."""
    return time.time_ns() // 1_000_000 - int(settings.cold_commit_seconds * 2_000) - SETTLING_MS


def _noted(settings: Settings, symbols: Sequence[str], span: tuple[int, int], checks: Checks) -> tuple[Report, Damage]:
    verdicts = checks.verdicts()
    report = Report(
        passed=all(verdict.passed for verdict in verdicts),
        source=settings.source,
        as_of=None,
        start=span[0],
        end=span[1],
        symbols=tuple(symbols),
        checks=verdicts,
    )
    note_report(settings, "verify", report)
    return report, checks.damage
