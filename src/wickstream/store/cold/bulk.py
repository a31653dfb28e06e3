"""Whole ranges out of the cold tier, as columns."""

import threading
from collections.abc import Collection

import polars as pl

from wickstream.config import Settings
from wickstream.store.cold import trade_columns
from wickstream.store.cold.candles import span_of
from wickstream.store.cold.columns import MONTH, day_of, month_of
from wickstream.store.cold.days import day_digests
from wickstream.store.cold.lake import LakeTable, scan_trouble
from wickstream.store.cold.tables import candles_table, trades_table
from wickstream.store.warm.days import DAYS


class LakeReader:
    """The tables of the lake; safe for several threads at once. Every read raises StoreBusy if it fails."""

    def __init__(self, settings: Settings, *, besides: Collection[str] = ()) -> None:
        """`besides`: files (their paths in their tables) that are not to be opened."""
        self._candles = candles_table(settings)
        self._trades = trades_table(settings)
        self._besides = besides
        self._opening = threading.Lock()

    def candles(self, symbol: str, first_ms: int, last_ms: int, schema: pl.Schema) -> pl.DataFrame:
        """1-minute candles with `first_ms <= open_time <= last_ms`, in order of time: those columns, of those types."""
        rows = self._rows(self._candles)
        if rows is None:
            return pl.DataFrame(schema=schema)
        months = pl.col(MONTH).is_between(pl.lit(month_of(first_ms)), pl.lit(month_of(last_ms)))
        wanted = rows.filter(months, pl.col("symbol") == symbol, pl.col("open_time").is_between(first_ms, last_ms))
        typed = wanted.select(pl.col(name).cast(kind) for name, kind in schema.items())
        return self._collected(self._candles, typed).sort("open_time")

    def trades(self, symbol: str, first_ms: int, last_ms: int) -> pl.DataFrame:
        """Archived trades with `first_ms <= traded_at_ms <= last_ms`, in the order of their ids."""
        rows = self._rows(self._trades)
        if rows is None:
            return pl.DataFrame(schema=trade_columns.COLUMNS)
        days = pl.col(trade_columns.DAY).is_between(pl.lit(day_of(first_ms)), pl.lit(day_of(last_ms)))
        wanted = rows.filter(days, pl.col("symbol") == symbol, pl.col("traded_at_ms").is_between(first_ms, last_ms))
        return self._collected(self._trades, wanted.select(trade_columns.COLUMNS.names())).sort("trade_id")

    def span(self) -> tuple[int, int] | None:
        """Oldest and newest open time (ms) of all symbols, by the statistics of the files; None: there is none."""
        with self._opening:
            table = self._candles.open()
            return None if table is None else span_of(table)

    def days(self, first_ms: int, last_ms: int, settled_ms: int) -> pl.DataFrame:
        """A row a symbol and day, as `day_digests` adds them up, of closed candles published before `settled_ms`."""
        rows = self._rows(self._candles)
        if rows is None:
            return pl.DataFrame(schema=DAYS)
        months = pl.col(MONTH).is_between(pl.lit(month_of(first_ms)), pl.lit(month_of(last_ms)))
        times = pl.col("open_time").is_between(first_ms, last_ms) & (pl.col("published_at") < settled_ms)
        return self._collected(self._candles, day_digests(rows.filter(months, times, "closed")))

    def symbols(self) -> list[str]:
        """Those of which there are candles, in order."""
        rows = self._rows(self._candles)
        return (
            []
            if rows is None
            else self._collected(self._candles, rows.select("symbol").unique())["symbol"].sort().to_list()
        )

    def _rows(self, lake: LakeTable) -> pl.LazyFrame | None:
        with self._opening:
            return lake.scan(self._besides)

    def _collected(self, lake: LakeTable, wanted: pl.LazyFrame) -> pl.DataFrame:
        try:
            return wanted.collect()
        except scan_trouble() as exc:
            with self._opening:
                raise lake.busy(exc) from exc
