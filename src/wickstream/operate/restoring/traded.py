"""Minutes proven by archived trades alone: every id of them, one before and one after. Pure.

A minute is just those trades when its ids follow each other without a gap from one that was traded before it to one
that was traded after it: the rule by which the connector marks it (rule 4 of docs/design.md).
"""

from collections.abc import Collection, Iterator
from decimal import Decimal

import polars as pl

from wickstream.candle import Candle, Origin
from wickstream.errors import Corrupted
from wickstream.events import DAY_MS, MINUTE_MS
from wickstream.operate.backfill.tally import Tally
from wickstream.operate.backfill.wanted import Day


def traded_minutes(symbol: str, trades: pl.DataFrame, minutes: Collection[int]) -> dict[int, Candle]:
    """Of these minutes (open times) those that are proven, closed and of revision 0.

    `trades`: of the symbol, by id; of a time that holds the minutes and their neighbours.
    """
    found: dict[int, Candle] = {}
    bounds = _bounds(trades)
    proven = set(bounds.filter("proven")["open_time"])
    for day in sorted({at // DAY_MS for at in minutes}):
        opened = {at for at in minutes if at // DAY_MS == day}
        if opened & proven:
            found |= {at: one for at, one in _candles(symbol, day, trades).items() if at in opened & proven}
    quiet = set(minutes) - set(bounds["open_time"])
    found |= {candle.open_time: candle for candle in _quiet(symbol, trades, quiet)}
    return found


def _bounds(trades: pl.DataFrame) -> pl.DataFrame:
    """Of each minute with trades whether nothing of it is missing."""
    ids, time = pl.col("trade_id"), pl.col("traded_at_ms")
    opened = time // MINUTE_MS * MINUTE_MS
    near = trades.select(
        ids,
        opened.alias("open_time"),
        (ids.shift() == ids - 1).alias("has_before"),
        (ids.shift(-1) == ids + 1).alias("has_after"),
        opened.shift().alias("before"),
        opened.shift(-1).alias("after"),
    )
    whole = pl.col("last") - pl.col("first") + 1 == pl.col("count")
    ends = pl.col("has_before") & pl.col("has_after")
    in_time = (pl.col("before") < pl.col("open_time")) & (pl.col("after") > pl.col("open_time"))
    return (
        near.group_by("open_time", maintain_order=True)
        .agg(
            ids.first().alias("first"),
            ids.last().alias("last"),
            pl.len().cast(pl.Int64).alias("count"),
            pl.col("has_before", "before").first(),
            pl.col("has_after", "after").last(),
        )
        .select("open_time", (whole & ends & in_time).fill_null(value=False).alias("proven"))
    )


def _candles(symbol: str, day: int, trades: pl.DataFrame) -> dict[int, Candle]:
    tally = Tally(Day(symbol, day * DAY_MS))
    time = pl.col("traded_at_ms")
    try:
        tally.take(trades.filter(time.is_between(day * DAY_MS, (day + 1) * DAY_MS - 1), "counts"))
    except Corrupted:
        return {}
    return tally.candles()


def _quiet(symbol: str, trades: pl.DataFrame, minutes: Collection[int]) -> Iterator[Candle]:
    """Nothing was traded between two ids that follow each other."""
    ids, prices, times = (trades[name] for name in ("trade_id", "price", "traded_at_ms"))
    opened = sorted(minutes)
    if not opened or not times.is_sorted():
        return
    for at, after in zip(opened, times.search_sorted(pl.Series(opened), side="left"), strict=True):
        if 0 < after < len(ids) and ids[after] == ids[after - 1] + 1:
            yield _flat(symbol, at, prices[after - 1], ids[after - 1])


def _flat(symbol: str, at: int, price: Decimal, last_id: int) -> Candle:
    nothing = Decimal(0)
    return Candle(
        symbol=symbol,
        interval="1m",
        open_time=at,
        close_time=at + MINUTE_MS - 1,
        open=price,
        high=price,
        low=price,
        close=price,
        volume=nothing,
        quote_volume=nothing,
        trade_count=0,
        taker_buy_volume=nothing,
        taker_buy_quote_volume=nothing,
        first_trade_id=last_id + 1,
        last_trade_id=last_id,
        closed=True,
        revision=0,
        origin=Origin.TRADES,
        published_at=at + MINUTE_MS,
    )
