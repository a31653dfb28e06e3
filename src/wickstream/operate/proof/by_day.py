"""The fast proof: chain and number of candles, added up by the day in each tier; what does not add up is looked at."""

from collections.abc import Sequence

import polars as pl

from wickstream.config import Market, Settings
from wickstream.errors import StoreBusy
from wickstream.operate.proof.chain import COLUMNS, chain_faults
from wickstream.operate.proof.checks import Checks
from wickstream.operate.proof.days import counts_differ, to_look_at
from wickstream.operate.proof.tiers import TierReader, ledger_of
from wickstream.operate.validation.evidence import Fault
from wickstream.store.series.frames import SCHEMA

WARM, COLD, COUNTS = "chain in warm", "chain in cold", "count in warm = in cold"

_FEW = pl.Schema({name: SCHEMA[name] for name in (*COLUMNS, "closed")})


class DayProof:
    """One run over all symbols."""

    def __init__(self, settings: Settings, tiers: TierReader, *, span: tuple[int, int], settled_ms: int) -> None:
        """`span`: open times, both inclusive; `settled_ms`: only what was published before is judged."""
        self._settings = settings
        self._tiers = tiers
        self._span = span
        self._settled_ms = settled_ms
        self.checks = Checks([WARM, COLD, COUNTS])

    def judge(self, symbols: Sequence[str]) -> None:
        """All of them at once."""
        try:
            warm, cold = self._tiers.days(*self._span, self._settled_ms)
            kept_since_ms = self._tiers.kept_since()
        except StoreBusy as exc:
            self.checks.count(COUNTS, [Fault("", None, str(exc))])
            return
        warm, cold = (days.filter(pl.col("symbol").is_in(list(symbols))) for days in (warm, cold))
        if self._settings.exchange_market is Market.USDM:
            for check in (WARM, COLD):
                self.checks.remark(check, "not judged: on futures ids are not consecutive")
        else:
            self._chain(WARM, warm)
            self._chain(COLD, cold)
        faults = counts_differ(warm, cold, kept_since_ms=kept_since_ms)
        self.checks.count(COUNTS, faults, judged=warm.height)

    def _chain(self, check: str, days: pl.DataFrame) -> None:
        self.checks.count(check, (), judged=int(days["minutes"].sum()))
        for symbol, first_ms, last_ms in to_look_at(days):
            rows = self.checks.asked(check, lambda: self._rows(check, symbol, first_ms, last_ms), None)  # noqa: B023
            known = self.checks.asked(check, lambda: ledger_of(self._settings, symbol), None)  # noqa: B023
            if rows is not None and known is not None:
                self.checks.count(check, chain_faults(rows, **known))

    def _rows(self, check: str, symbol: str, first_ms: int, last_ms: int) -> pl.DataFrame:
        if check == COLD:
            return self._tiers.cold(symbol, first_ms, last_ms, _FEW)
        return self._tiers.warm(symbol, first_ms, last_ms, _FEW)[0]
