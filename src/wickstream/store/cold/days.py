"""A day of a symbol in one row, as `warm.days` adds it up in PostgreSQL. Pure."""

import polars as pl

from wickstream.events import DAY_MS, MINUTE_MS

_SHIFT = 16  # so that a day's sum does not overflow


def day_digests(candles: pl.LazyFrame) -> pl.LazyFrame:
    """Of closed candles with at least the columns `NEEDED`."""
    opened, first, last = pl.col("open_time"), pl.col("first_trade_id"), pl.col("last_trade_id")
    added_up = candles.group_by("symbol", (opened // DAY_MS).alias("day")).agg(
        pl.len().cast(pl.Int64).alias("minutes"),
        opened.min().alias("first_open"),
        opened.max().alias("last_open"),
        first.min().alias("first_id"),
        last.max().alias("last_id"),
        pl.col("trade_count").sum().alias("trades"),
        first.is_null().any().alias("has_none"),
        (last - first + 1 != pl.col("trade_count")).any().alias("is_odd"),
        _place(first, opened).sum().alias("begins"),
        _place(last + 1, opened + MINUTE_MS).sum().alias("ends"),
    )
    begin = _place(pl.col("first_id"), pl.col("first_open"))
    end = _place(pl.col("last_id") + 1, pl.col("last_open") + MINUTE_MS)
    chains = (
        ~pl.col("has_none")
        & ~pl.col("is_odd")
        & (pl.col("minutes") == (pl.col("last_open") - pl.col("first_open")) // MINUTE_MS + 1)
        & (pl.col("begins") + end == pl.col("ends") + begin)
    )
    return added_up.select(
        *("symbol", "day", "minutes", "first_open", "last_open", "first_id", "last_id", "trades"),
        chains.fill_null(value=False).alias("chains"),
    ).sort("symbol", "day")


def _place(trade_id: pl.Expr, time_ms: pl.Expr) -> pl.Expr:
    """Where a minute begins or ends. Two of them within years of each other have never the same number to be hashed."""
    return (trade_id * 1_000_003 + time_ms // MINUTE_MS * 2_654_435_761).hash() // (1 << _SHIFT)
