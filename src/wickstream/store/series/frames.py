"""Many candles at once, as columns, stitched and rolled up as `candle.py` does it one by one. Pure."""

from collections.abc import Collection, Sequence

import polars as pl

from wickstream.candle import Candle, Origin, window_end, window_start
from wickstream.events import MINUTE_MS

_PRICE, _AMOUNT, _QUOTE = pl.Decimal(20, 8), pl.Decimal(38, 8), pl.Decimal(38, 16)
_KINDS = (
    dict.fromkeys(("symbol", "interval", "origin"), pl.String())
    | dict.fromkeys(("open", "high", "low", "close"), _PRICE)
    | dict.fromkeys(("volume", "taker_buy_volume"), _AMOUNT)
    | dict.fromkeys(("quote_volume", "taker_buy_quote_volume"), _QUOTE)
    | {"closed": pl.Boolean(), "revision": pl.Int32()}
)
SCHEMA = pl.Schema({name: _KINDS.get(name, pl.Int64()) for name in Candle.__struct_fields__})
TEXT = pl.Schema(  # amounts as they are written: for those who only pass them on
    {name: pl.String() if isinstance(kind, pl.Decimal) else kind for name, kind in SCHEMA.items()}
)

_SUMS = ("volume", "quote_volume", "trade_count", "taker_buy_volume", "taker_buy_quote_volume")
_WINDOW, _END, _COUNTED = "window", "window_end", "counted"


def frame_of(candles: Collection[Candle]) -> pl.DataFrame:
    """Candles as columns."""
    columns = {name: [getattr(candle, name) for candle in candles] for name in SCHEMA}
    columns["origin"] = [str(origin) for origin in columns["origin"]]
    return pl.DataFrame(columns, schema=SCHEMA)


def candles_of(frame: pl.DataFrame) -> list[Candle]:
    """Columns as candles, in their order."""
    columns = [frame[name].to_list() for name in SCHEMA]
    columns[list(SCHEMA).index("origin")] = list(map(Origin, frame["origin"]))
    return [Candle(*row) for row in zip(*columns, strict=True)]


def stitch(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """One row per symbol, interval and minute, in this order: at a seam the newest version wins, as by `supersedes`."""
    key = ("symbol", "interval", "open_time")
    is_own = pl.col("origin") == Origin.TRADES.value
    ordered = pl.concat(parts).sort(*key, "revision", "closed", "trade_count", is_own, maintain_order=True)
    # Of equal ones the first that was held stays.
    ranked = ordered.with_columns(pl.struct("revision", "closed", "trade_count", is_own.alias("own")).alias("version"))
    newest = ranked.filter(pl.col("version") == pl.col("version").last().over(key))
    return newest.unique(key, keep="first", maintain_order=True).select(SCHEMA.names())


def roll_up(minutes: pl.DataFrame, interval: str, *, halts: Collection[int] = ()) -> pl.DataFrame:
    """One symbol's 1-minute candles, in order of time, as candles of `interval`.

    `halts`: open times (ms) of minutes the ledger knows to be halted; they need no candle.

    Raises:
        polars.exceptions.PolarsError: If a sum has more than 38 digits.
    """
    if minutes.is_empty() or interval == "1m":
        return minutes
    for name in _SUMS:  # sums by window would overflow without a word; none is larger than that of all
        minutes[name].sum()
    placed = minutes.with_columns(_window(interval, minutes["open_time"]))
    traded = pl.col("trade_count") > 0
    # A quiet minute carries a price from before: no trade of this window, unless there is none at all.
    placed = placed.with_columns((traded | ~traded.any().over(_WINDOW)).alias(_COUNTED))
    windows = placed.group_by(_WINDOW, maintain_order=True).agg(*_prices(), *_others())
    return _finished(windows, interval, _halts_by_window(minutes, interval, halts))


def _window(interval: str, open_times: pl.Series) -> pl.Expr:
    """Each minute's window, by the calendar's own rule; there are as many windows as answers, not as minutes."""
    day_ms = 1_440 * MINUTE_MS
    starts: dict[int, int] = {}
    if interval in ("3d", "1w", "1M"):  # whose rule asks for the day only
        days = (open_times // day_ms).unique().to_list()
        starts = {day: window_start(day * day_ms, interval) for day in days}
        return (pl.col("open_time") // day_ms).replace_strict(starts, return_dtype=pl.Int64).alias(_WINDOW)
    width_ms = window_end(0, interval)
    return (pl.col("open_time") // width_ms * width_ms).alias(_WINDOW)


def _prices() -> list[pl.Expr]:
    return [
        pl.col("open").filter(_COUNTED).first(),
        pl.col("high").filter(_COUNTED).max(),
        pl.col("low").filter(_COUNTED).min(),
        pl.col("close").filter(_COUNTED).last(),
    ]


def _others() -> list[pl.Expr]:
    ids_known = pl.col("first_trade_id").is_not_null().all()
    single = pl.col("origin").n_unique() == 1
    return [
        *(pl.col(name).sum() for name in _SUMS),
        pl.col("symbol").first(),
        pl.when(ids_known).then(pl.col("first_trade_id").first()).alias("first_trade_id"),
        pl.when(ids_known).then(pl.col("last_trade_id").last()).alias("last_trade_id"),
        pl.when(single).then(pl.col("origin").first()).otherwise(pl.lit(Origin.EXCHANGE.value)).alias("origin"),
        pl.col("revision").max(),
        pl.col("published_at").max(),
        pl.col("open_time").filter(pl.col("closed")).n_unique().alias("settled"),
    ]


def _halts_by_window(minutes: pl.DataFrame, interval: str, halts: Collection[int]) -> dict[int, int]:
    """How many minutes of each window are halts, and have no closed candle all the same."""
    closed = set(minutes.filter("closed")["open_time"]) if halts else set()
    counts: dict[int, int] = {}
    for halt in set(halts) - closed:
        opened = window_start(halt, interval)
        counts[opened] = counts.get(opened, 0) + 1
    return counts


def _finished(windows: pl.DataFrame, interval: str, halted: dict[int, int]) -> pl.DataFrame:
    opened = windows[_WINDOW].to_list()
    ends = [window_end(one, interval) for one in opened]
    settled = windows["settled"] + pl.Series([halted.get(one, 0) for one in opened], dtype=pl.UInt32)
    wanted = pl.Series([(end - one) // MINUTE_MS for one, end in zip(opened, ends, strict=True)])
    return windows.select(
        *(name for name in SCHEMA if name in windows.columns),
        pl.lit(interval).alias("interval"),
        pl.col(_WINDOW).alias("open_time"),
        pl.Series("close_time", [end - 1 for end in ends]),
        (settled == wanted).alias("closed"),
    ).select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())
