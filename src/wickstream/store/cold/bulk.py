"""Whole ranges out of the cold tier, as columns."""

import threading

import polars as pl

from wickstream.config import Settings
from wickstream.store.cold.columns import MONTH, month_of, table_schema
from wickstream.store.cold.lake import TROUBLE, LakeTable

_ANSWERS = (*TROUBLE, pl.exceptions.PolarsError)


class ColdBulk:
    """The table `candles` of the lake; safe for several threads at once."""

    def __init__(self, settings: Settings) -> None:
        self._lake = LakeTable(settings, "candles", schema=table_schema(), partition_by=MONTH)
        self._opening = threading.Lock()

    def candles(self, symbol: str, first_ms: int, last_ms: int, schema: pl.Schema) -> pl.DataFrame:
        """1-minute candles with `first_ms <= open_time <= last_ms`, in order of time: those columns, of those types.

        Raises:
            StoreBusy: If the lake cannot be read now.
        """
        with self._opening:
            table = self._lake.open()
            if table is None:
                return pl.DataFrame(schema=schema)
            rows = pl.scan_delta(table)
        wanted = (
            rows.filter(pl.col(MONTH).is_between(pl.lit(month_of(first_ms)), pl.lit(month_of(last_ms))))
            .filter(pl.col("symbol") == symbol, pl.col("open_time").is_between(first_ms, last_ms))
            .select(pl.col(name).cast(kind) for name, kind in schema.items())
        )
        try:
            return wanted.collect().sort("open_time")
        except _ANSWERS as exc:
            with self._opening:
                raise self._lake.busy(exc) from exc
