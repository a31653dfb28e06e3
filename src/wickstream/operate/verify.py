"""The proof: what is stored, held against itself, tier against tier, and against the exchange's own klines."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from typing import TypeVar

import polars as pl

from wickstream.config import Market, Settings
from wickstream.errors import ExchangeError, StoreBusy
from wickstream.events import GapStatus
from wickstream.operate.proof.agreement import disagreements, lacking
from wickstream.operate.proof.chain import COLUMNS, chain_faults
from wickstream.operate.proof.klines import Klines
from wickstream.operate.validation.evidence import Fault, Report
from wickstream.operate.validation.tally import Tally
from wickstream.store.cold.bulk import LakeReader
from wickstream.store.hot.hour import held, open_client
from wickstream.store.series.frames import SCHEMA, frame_of
from wickstream.store.warm.audit_reads import AuditReader
from wickstream.store.warm.bulk import BulkReader

SETTLING_MS = 10_000  # on its way from one tier to the next, besides what the cold tier waits for on purpose

Tell = Callable[[str], None]
Result = TypeVar("Result")

_FAST = pl.Schema({name: SCHEMA[name] for name in (*COLUMNS, "closed")})
_FURTHER = ("warm = cold", "hot = warm")


def verify(
    settings: Settings,
    symbols: Sequence[str],
    *,
    start_ms: int,
    end_ms: int,
    fast: bool = False,
    against: Klines | None = None,
    tell: Tell,
) -> Report:
    """Judge the closed minutes of these symbols; open times, both inclusive. `fast`: the chain of ids alone.

    A tier that does not answer is a fault. `tell`: what is looked at.
    """
    with ExitStack() as open_readers:
        proof = _Proof(settings, open_readers, fast=fast, against=against)
        for number, symbol in enumerate(symbols, 1):
            tell(f"{symbol} ({number} of {len(symbols)})")
            proof.judge(symbol, start_ms, end_ms)
    checks = tuple(tally.verdict(name, proof.remark(name)) for name, tally in proof.tallies.items())
    return Report(
        passed=all(check.passed for check in checks),
        source=settings.source,
        as_of=None,
        start=start_ms,
        end=end_ms,
        symbols=tuple(symbols),
        checks=checks,
    )


class _Proof:
    """One run over all symbols."""

    def __init__(self, settings: Settings, readers: ExitStack, *, fast: bool, against: Klines | None) -> None:
        self._warm = readers.enter_context(closing(BulkReader(settings)))
        self._cold = LakeReader(settings)
        self._redis = readers.enter_context(closing(open_client(settings)))
        self._settings = settings
        self._schema = _FAST if fast else SCHEMA
        self._against = against
        further = () if fast else _FURTHER
        named = ("chain in warm", "chain in cold", *further, *(("exchange",) if against else ()))
        self.tallies = {name: Tally() for name in named}

    def remark(self, check: str) -> str:
        """Why a check judged nothing."""
        no_chain = check.startswith("chain") and self._settings.exchange_market is Market.USDM
        return "not judged: on futures ids are not consecutive" if no_chain else ""

    def judge(self, symbol: str, first_ms: int, last_ms: int) -> None:
        """Take in one more symbol."""
        warm = self._read("chain in warm", symbol, lambda: self._warm.candles(symbol, first_ms, last_ms, self._schema))
        cold = self._read("chain in cold", symbol, lambda: self._cold.candles(symbol, first_ms, last_ms, self._schema))
        if self._settings.exchange_market is not Market.USDM:
            self._chain(symbol, warm, cold)
        if self._schema is SCHEMA:
            self._tiers(symbol, warm, cold, (first_ms, last_ms))
        if self._against is not None:
            self._exchange(symbol, pl.concat([warm, cold]).unique(["symbol", "open_time"], keep="first"), self._against)

    def _read(self, check: str, symbol: str, read: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        try:
            return read().filter("closed")
        except StoreBusy as exc:
            self.tallies[check].count([Fault(symbol, None, str(exc))], judged=0)
            return pl.DataFrame(schema=self._schema)

    def _chain(self, symbol: str, warm: pl.DataFrame, cold: pl.DataFrame) -> None:
        try:
            with AuditReader.open(self._settings) as ledger:
                span = (0, 2**62)
                gaps, starts = ledger.gaps(symbol, ids=span, times=span), ledger.starts(symbol)
        except StoreBusy:
            gaps, starts = [], []  # told of where warm was read
        absent = [gap.ids for gap in gaps if gap.status is GapStatus.ABSENT and gap.ids]
        halts = [gap.open_time for gap in gaps if gap.status is GapStatus.HALTED and gap.open_time is not None]
        for check, held_there in (("chain in warm", warm), ("chain in cold", cold)):
            faults = chain_faults(held_there, absent=absent, halts=halts, starts=starts)
            self.tallies[check].count(faults, judged=held_there.height)

    def _tiers(self, symbol: str, warm: pl.DataFrame, cold: pl.DataFrame, times: tuple[int, int]) -> None:
        tally = self.tallies["warm = cold"]
        tally.count(disagreements(warm, cold, names=("warm", "cold")), judged=min(warm.height, cold.height))
        tally.count(lacking(self._settled(warm), cold, where="cold"), judged=0)
        if not warm.is_empty():  # before its first one, warm keeps nothing any more
            kept = cold.filter(pl.col("open_time") >= warm["open_time"][0])
            tally.count(lacking(self._settled(kept), warm, where="warm"), judged=0)
        self._hot(symbol, warm, times)

    def _hot(self, symbol: str, warm: pl.DataFrame, times: tuple[int, int]) -> None:
        tally = self.tallies["hot = warm"]
        try:
            rows = frame_of([candle for candle in held(self._redis, symbol).between(*times) if candle.closed])
        except StoreBusy as exc:
            tally.count([Fault(symbol, None, str(exc))], judged=0)
            return
        tally.count(disagreements(rows, warm, names=("hot", "warm")), judged=rows.height)
        tally.count(lacking(self._settled(rows), warm, where="warm"), judged=0)

    def _exchange(self, symbol: str, ours: pl.DataFrame, against: Klines) -> None:
        tally = self.tallies["exchange"]
        if ours.is_empty():
            return
        try:
            klines = against.between(symbol, ours["open_time"].min(), ours["open_time"].max())  # type: ignore[arg-type]
        except ExchangeError as exc:
            tally.count([Fault(symbol, None, str(exc))], judged=0)
            return
        tally.count(disagreements(ours, klines, names=("ours", "the exchange's")), judged=klines.height)
        tally.count(lacking(klines, ours, where="what is stored"), judged=0)

    def _settled(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Those that every tier should have by now."""
        waits_ms = int(self._settings.cold_commit_seconds * 2_000) + SETTLING_MS
        return rows.filter(pl.col("published_at") < time.time_ns() // 1_000_000 - waits_ms)
