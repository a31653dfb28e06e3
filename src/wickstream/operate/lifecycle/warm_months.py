"""Months of the warm tier that are old enough to go: proven to be in cold, mended there if not, and dropped."""

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from wickstream.candle import window_end, window_start
from wickstream.config import Settings
from wickstream.events import MINUTE_MS
from wickstream.operate.lifecycle.calendar import is_old, month_name, part_end_ms
from wickstream.operate.lifecycle.proof import behind, faults
from wickstream.operate.lifecycle.report import Done, Outcome
from wickstream.operate.lifecycle.step import Progress, Warm
from wickstream.operate.proof.tiers import ledger_of
from wickstream.operate.validation.tally import Tally
from wickstream.store.cold.bulk import LakeReader
from wickstream.store.cold.candles import ColdCandles
from wickstream.store.cold.upkeep import Upkeep
from wickstream.store.series.frames import SCHEMA, candles_of
from wickstream.store.warm.bulk import read_candles
from wickstream.store.warm.months import (
    Sums,
    attach_month,
    detach_month,
    drop_month,
    held_back,
    months_of,
    sums_of,
)
from wickstream.store.warm.partitions import name_of

MEND_ROWS = 20_000  # of one commit


@dataclass
class Lake:
    """What is asked of cold, and written to it."""

    settings: Settings

    def __post_init__(self) -> None:
        self.reader = LakeReader(self.settings)
        self.candles = ColdCandles(self.settings)
        self.upkeep = Upkeep.of_candles(self.settings)


class WarmMonths:
    """Of partitions, attached or not: also those that a run before this one did not get to drop."""

    def __init__(self, warm: Warm, lake: Lake, now_ms: int, *, days: int) -> None:
        self.name = f"warm kept for {days} days"
        self._warm = warm
        self._lake = lake
        self._now_ms = now_ms
        self._days = days

    def subjects(self) -> list[str]:
        """Oldest first."""
        with self._warm.used() as conn:
            months = months_of(conn)
        old = [month for month in months if is_old(window_end(month, "1M"), self._now_ms, days=self._days)]
        return [month_name(month_ms) for month_ms in old]

    def do(self, subject: str, *, dry_run: bool, progress: Progress) -> Done | None:
        """Prove it, then detach it, look whether anybody wrote to it since, and drop it."""
        month_ms = _month_ms(subject)
        with self._warm.used() as conn:
            sums = sums_of(conn, month_ms)
        proof = _Proof(self._warm, self._lake, month_ms, dry_run=dry_run, progress=progress)
        proof.of(sums)
        if not dry_run:
            self._drop(month_ms, sums, proof)
            if proof.mended and proof.holds:
                self._lake.upkeep.put_in_order(subject)
        return self._told(subject, sums, proof, dry_run=dry_run)

    def _drop(self, month_ms: int, before: dict[str, Sums], proof: "_Proof") -> None:
        """If it is proven; else it is a partition again, if an earlier run had detached it."""
        with self._warm.used() as conn, held_back(conn, month_ms):
            is_proven = False
            try:
                if proof.holds:
                    detach_month(conn, month_ms)
                    after = sums_of(conn, month_ms)
                    proof.of([symbol for symbol, sums in after.items() if before.get(symbol) != sums])
                    is_proven = proof.holds
            finally:
                (drop_month if is_proven else attach_month)(conn, month_ms)

    def _told(self, subject: str, sums: dict[str, Sums], proof: "_Proof", *, dry_run: bool) -> Done:
        facts = {
            "symbols": len(sums),
            "rows": sum(one.rows for one in sums.values()),
            "trades": sum(one.trades for one in sums.values()),
            "not closed": sum(one.rows - one.closed for one in sums.values()),
            "mended in cold": proof.mended,
        }
        if not proof.holds:
            trouble = f"kept: {proof.tally.found:,} faults"
            return Done(step=self.name, subject=subject, outcome=Outcome.FAILED, facts=facts, trouble=trouble,
                        faults=tuple(proof.tally.faults))  # fmt: skip
        return Done(step=self.name, subject=subject, outcome=Outcome.WOULD_BE if dry_run else Outcome.DONE, facts=facts)


class _Proof:
    """Of one month, symbol by symbol: all of it is in memory only of one of them."""

    def __init__(self, warm: Warm, lake: Lake, month_ms: int, *, dry_run: bool, progress: Progress) -> None:
        self._warm = warm
        self._lake = lake
        self._range = (month_ms, window_end(month_ms, "1M") - MINUTE_MS)
        self._table = name_of("candles", month_ms)
        self._dry_run = dry_run
        self._progress = progress
        self.tally = Tally()
        self.mended = 0

    @property
    def holds(self) -> bool:
        """Nothing speaks against it."""
        return not self.tally.found

    def of(self, symbols: Collection[str]) -> None:
        """What cold lacks of them is written to it by version; what still differs is a fault."""
        for number, symbol in enumerate(symbols):
            self._progress(number, len(symbols))
            self._of(symbol)

    def _of(self, symbol: str) -> None:
        with self._warm.used() as conn:
            warm = read_candles(conn, self._table, symbol, *self._range, SCHEMA)
        cold = self._lake.reader.candles(symbol, *self._range, SCHEMA)
        lacking = behind(warm, cold)
        if not lacking.is_empty():
            self.mended += lacking.height
            cold = self._mended(symbol, lacking, cold)
        self.tally.count(faults(warm, cold, ledger_of(self._warm.settings, symbol)), judged=warm.height)

    def _mended(self, symbol: str, lacking: pl.DataFrame, cold: pl.DataFrame) -> pl.DataFrame:
        if self._dry_run:
            return pl.concat([cold.join(lacking, on="open_time", how="anti"), lacking]).sort("open_time")
        for piece in lacking.iter_slices(MEND_ROWS):
            self._lake.candles.store(candles_of(piece), {})
        return self._lake.reader.candles(symbol, *self._range, SCHEMA)


def _month_ms(subject: str) -> int:
    return window_start(part_end_ms(subject) - 1, "1M")
