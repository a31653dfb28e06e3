"""The whole proof: files, then each symbol's candles in all tiers field by field, then alerts."""

from collections.abc import Iterable, Sequence

import polars as pl
import redis

from wickstream.config import Market, Settings
from wickstream.errors import ExchangeError, StoreBusy
from wickstream.events import Alert
from wickstream.operate.proof.agreement import EVERYTHING, disagreements, is_settled, lacking
from wickstream.operate.proof.alerts import alert_faults
from wickstream.operate.proof.chain import chain_faults
from wickstream.operate.proof.checks import Checks
from wickstream.operate.proof.hot_hour import hot_faults, judged, oldest
from wickstream.operate.proof.klines import Klines
from wickstream.operate.proof.lake_files import LakeProof
from wickstream.operate.proof.marks import mark_faults
from wickstream.operate.proof.tiers import NEVER_MS, NOTHING, TierReader, ledger_of
from wickstream.operate.validation.evidence import Fault
from wickstream.store.archives import has_all_alerts
from wickstream.store.cold.alerts import ColdAlerts
from wickstream.store.cold.files import LakeFile
from wickstream.store.hot.values import hot_values
from wickstream.store.series.frames import candles_of
from wickstream.store.warm.audit_reads import AuditReader, MarkedMinute

WARM, COLD, BOTH, HOT = "chain in warm", "chain in cold", "warm = cold", "hot = warm"
ALERTS_CHECK, FILES, EXCHANGE, MARKS = "alerts: warm = cold", "files", "exchange", "marks = warm"


class WholeProof:
    """One run over all symbols."""

    def __init__(
        self,
        settings: Settings,
        tiers: TierReader,
        client: redis.Redis,
        *,
        span: tuple[int, int],
        settled_ms: int,
        against: Klines | None,
    ) -> None:
        """`span`: open times, both inclusive; `settled_ms`: what was published before should be everywhere by now."""
        self._settings = settings
        self._tiers = tiers
        self._redis = client
        self._span = span
        self._settled_ms = settled_ms
        self._against = against
        self._files = LakeProof(settings)
        self._kept_since_ms = NEVER_MS
        self._has_chain = settings.exchange_market is not Market.USDM
        further = () if against is None else (EXCHANGE,)
        self.checks = Checks([FILES, WARM, COLD, BOTH, HOT, MARKS, ALERTS_CHECK, *further])

    def judge_files(self) -> None:
        """Before the rows, so that those of damaged files are not believed."""
        self.checks.damage.files = self._files.damaged
        self._count_files(list(self._files.judge(*self._span)))
        self.checks.damage.is_cold_proven = not self._files.remark
        self.checks.remark(FILES, self._files.remark)
        self._kept_since_ms = self.checks.asked(BOTH, self._tiers.kept_since, NEVER_MS)

    def _count_files(self, faults: Iterable[Fault]) -> None:
        self.checks.count_others(FILES, faults, judged=self._files.judged)
        self._tiers.leave_out(self._files.besides("candles"))

    def judge(self, symbol: str) -> None:
        """Take in one more symbol."""
        nothing: tuple[pl.DataFrame, list[Fault]] = (NOTHING, [])
        warm, odd = self.checks.asked(WARM, lambda: self._tiers.warm(symbol, *self._span), nothing)
        self.checks.count(WARM, odd, judged=len(odd))
        cold = self.checks.asked(COLD, lambda: self._cold(symbol), NOTHING)
        self._chain(symbol, warm, cold)
        self._compare(warm, cold)
        self._hot(symbol, warm)
        self._marks(symbol)
        if self._against is not None:
            both = pl.concat([warm, cold]).unique(["symbol", "open_time"], keep="first")
            self._exchange(symbol, both, self._against)

    def _cold(self, symbol: str) -> pl.DataFrame:
        """A file that cannot be read is that file's fault; the others are read without it."""
        try:
            return self._tiers.cold(symbol, *self._span)
        except StoreBusy:
            found = list(self._files.unreadable("candles"))
            if not found:
                raise
            self._count_files(found)
            return self._tiers.cold(symbol, *self._span)

    def _chain(self, symbol: str, warm: pl.DataFrame, cold: pl.DataFrame) -> None:
        if not self._has_chain:
            for check in (WARM, COLD):
                self.checks.remark(check, "not judged: on futures ids are not consecutive")
            return
        known = self.checks.asked(WARM, lambda: ledger_of(self._settings, symbol), None)
        if known is not None:
            self.checks.count(WARM, chain_faults(warm, **known), judged=warm.height)
            self.checks.count(COLD, self._unexplained(chain_faults(cold, **known)), judged=cold.height)

    def _compare(self, warm: pl.DataFrame, cold: pl.DataFrame) -> None:
        settled = is_settled("published_at", self._settled_ms)
        differing = disagreements(warm, cold, names=("warm", "cold"), fields=EVERYTHING, settled_ms=self._settled_ms)
        self.checks.count(BOTH, differing, judged=min(warm.height, cold.height))
        self.checks.count(BOTH, self._unexplained(lacking(warm.filter(settled), cold, where="cold")))
        kept = cold.filter(settled, pl.col("open_time") >= self._kept_since_ms)
        self.checks.count(BOTH, lacking(kept, warm, where="warm"))

    def _unexplained(self, faults: Iterable[Fault]) -> Iterable[Fault]:
        """Those that do not follow from a damaged file, which is a fault of its own."""
        files = self._files.damaged["candles"]
        for fault in faults:
            if fault.open_time is None or not any(file.may_hold(fault.open_time, fault.open_time) for file in files):
                yield fault

    def _hot(self, symbol: str, warm: pl.DataFrame) -> None:
        values = self.checks.asked(HOT, lambda: hot_values(self._redis, symbol), None)
        if values is not None:
            recent = warm.filter(pl.col("open_time") >= oldest(values))
            stored = {candle.open_time: candle for candle in candles_of(recent)}
            faults = list(hot_faults(symbol, values, stored, times=self._span, settled_ms=self._settled_ms))
            self.checks.damage.hot.update({symbol} if faults else ())
            self.checks.count_others(HOT, faults, judged=judged(values))

    def _marks(self, symbol: str) -> None:
        nothing: list[MarkedMinute] = []
        marked = self.checks.asked(MARKS, lambda: self._marked(symbol), nothing)
        faults = list(mark_faults(marked, settled_ms=self._settled_ms))
        if faults:
            self.checks.damage.marks[symbol] |= {fault.open_time for fault in faults if fault.open_time is not None}
        self.checks.count(MARKS, faults, judged=len(marked))

    def _marked(self, symbol: str) -> list[MarkedMinute]:
        with AuditReader.open(self._settings) as reader:
            return reader.marked(symbol, *self._span)

    def _exchange(self, symbol: str, ours: pl.DataFrame, against: Klines) -> None:
        if ours.is_empty():
            return
        try:
            klines = against.between(symbol, ours["open_time"].min(), ours["open_time"].max())  # type: ignore[arg-type]
        except ExchangeError as exc:
            self.checks.count(EXCHANGE, [Fault(symbol, None, str(exc))])
            return
        differing = disagreements(ours, klines, names=("ours", "the exchange's"))
        self.checks.count(EXCHANGE, differing, judged=klines.height)
        self.checks.count(EXCHANGE, lacking(klines, ours, where="what is stored"))

    def judge_alerts(self, symbols: Sequence[str]) -> None:
        """Of these symbols, in warm and cold."""
        nothing: list[Alert] = []
        besides = self._files.besides("alerts")
        warm = self.checks.asked(ALERTS_CHECK, self._warm_alerts, nothing)
        table = ColdAlerts(self._settings)
        cold = self.checks.asked(ALERTS_CHECK, lambda: table.read(*self._span, besides=besides), nothing)
        chosen = frozenset(symbols)
        ours, theirs = ({one.alert_id: one for one in alerts if one.symbol in chosen} for alerts in (warm, cold))
        cold_has_all = ours != theirs and has_all_alerts(self._settings)
        lost = self._files.damaged["alerts"]
        ours = {one: alert for one, alert in ours.items() if one in theirs or not _may_be_in(lost, alert)}
        found = list(alert_faults(ours, theirs, kept_since_ms=self._kept_since_ms, cold_has_all=cold_has_all))
        self.checks.damage.alerts.update(alert_id for alert_id, _ in found)
        self.checks.count_others(ALERTS_CHECK, (fault for _, fault in found), judged=len(ours))

    def _warm_alerts(self) -> list[Alert]:
        with AuditReader.open(self._settings) as reader:
            return reader.alerts(*self._span)


def _may_be_in(files: Sequence[LakeFile], alert: Alert) -> bool:
    return any(file.may_hold(alert.at, alert.at) for file in files)
