"""Reads of a proof: closed candles of warm and cold, whatever is in them."""

from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import polars as pl

from wickstream.config import Settings
from wickstream.events import GapStatus
from wickstream.operate.proof.chain import Ledger
from wickstream.operate.validation.evidence import Fault
from wickstream.store.cold.bulk import LakeReader
from wickstream.store.series.frames import SCHEMA, TEXT
from wickstream.store.warm.audit_reads import AuditReader
from wickstream.store.warm.bulk import BulkReader

NOTHING = pl.DataFrame(schema=SCHEMA)
NEVER_MS = 2**62  # later than anything


class TierReader:
    """Not for two threads at once. Every read raises StoreBusy if its tier does not answer."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._warm = BulkReader(settings)
        self._cold = LakeReader(settings)

    def close(self) -> None:
        """Let go of the connections."""
        self._warm.close()

    def leave_out(self, files: Collection[str]) -> None:
        """Of the lake these are not to be believed."""
        self._cold = LakeReader(self._settings, besides=files)

    def kept_since(self) -> int:
        """From when on warm keeps candles; NEVER_MS: it never had any."""
        since_ms = self._warm.kept_since()
        return NEVER_MS if since_ms is None else since_ms

    def warm(
        self, symbol: str, first_ms: int, last_ms: int, schema: pl.Schema = SCHEMA
    ) -> tuple[pl.DataFrame, list[Fault]]:
        """The closed candles, and the rows that are none: there they were edited."""
        try:
            return self._warm.candles(symbol, first_ms, last_ms, schema).filter("closed"), []
        except pl.exceptions.PolarsError:
            rows = self._warm.candles(symbol, first_ms, last_ms, TEXT)
        typed = rows.with_columns(pl.col(name).cast(kind, strict=False) for name, kind in SCHEMA.items())
        names = [name for name, kind in SCHEMA.items() if isinstance(kind, pl.Decimal)]
        is_odd = pl.any_horizontal(pl.col(name).is_null() for name in names)
        faults = list(_odd(rows.filter(typed.select(is_odd).to_series()), names))
        return typed.filter(~is_odd, pl.col("closed")).select(schema.names()), faults

    def cold(self, symbol: str, first_ms: int, last_ms: int, schema: pl.Schema = SCHEMA) -> pl.DataFrame:
        """The closed candles."""
        return self._cold.candles(symbol, first_ms, last_ms, schema).filter("closed")

    def days(self, first_ms: int, last_ms: int, settled_ms: int) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Of warm and of cold a row a symbol and day, of what was published before `settled_ms`."""
        with ThreadPoolExecutor(2) as threads:
            warm = threads.submit(self._warm.days, first_ms, last_ms, settled_ms)
            cold = threads.submit(self._cold.days, first_ms, last_ms, settled_ms)
            return warm.result(), cold.result()


def _odd(rows: pl.DataFrame, names: Sequence[str]) -> Iterator[Fault]:
    for row in rows.iter_rows(named=True):
        said = ", ".join(f"{name} {row[name]}" for name in names)
        yield Fault(row["symbol"], row["open_time"], f"is not a candle in warm: {said}")


def ledger_of(settings: Settings, symbol: str) -> Ledger:
    """All that the ledger says of a symbol.

    Raises:
        StoreBusy: If PostgreSQL does not answer.
    """
    span = (0, 2**62)
    with AuditReader.open(settings) as reader:
        gaps, starts = reader.gaps(symbol, ids=span, times=span), reader.starts(symbol)
    return Ledger(
        absent=[gap.ids for gap in gaps if gap.status is GapStatus.ABSENT and gap.ids],
        halts=[gap.open_time for gap in gaps if gap.status is GapStatus.HALTED and gap.open_time is not None],
        starts=starts,
    )
