"""Candles and trades with as much in them as real ones have: what repeats itself would take no room."""

from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from bench.ingest.frames import recorded
from bench.store.made_up import BEGIN_MS, DAY_MINUTES
from wickstream.candle import Origin
from wickstream.events import MINUTE_MS
from wickstream.store.cold import trade_columns
from wickstream.store.cold.columns import MONTH, VOLUME, table_schema
from wickstream.store.series.frames import SCHEMA

Numbers = npt.NDArray[np.int64]

_UNIT, _PRODUCT = Decimal("1e-8"), Decimal("1e-16")


@dataclass(frozen=True)
class Kind:
    """Of a symbol: its steps in units of 1e-8, and of a minute in the middle the trades, the lots in each, the move."""

    name: str
    tick: int
    lot: int
    price_ticks: int
    trades: int
    lots: int
    move: float


KINDS = (
    Kind("BUSYUSDT", tick=10**6, lot=10**3, price_ticks=6_000_000, trades=1_500, lots=300, move=4e-4),
    Kind("MIDUSDT", tick=10**4, lot=10**7, price_ticks=123_450, trades=120, lots=90, move=8e-4),
    Kind("QUIETUSDT", tick=10**3, lot=10**7, price_ticks=50_000, trades=6, lots=400, move=1.2e-3),
)


def year(kind: Kind, *, seed: int = 7) -> pl.DataFrame:
    """Closed minutes of 2024: activity comes in waves, and with it moves of the price; amounts have all digits."""
    size, dice = 365 * DAY_MINUTES, np.random.default_rng(seed)
    activity = _waves(size, dice)
    counts = dice.poisson(kind.trades * np.exp(activity))
    moves = kind.move * np.exp(activity / 2)
    close = _whole(kind.price_ticks * np.exp(_returning(np.cumsum(dice.normal(size=size) * moves))))
    opened = np.concatenate([close[:1], close[:-1]]) + dice.integers(-1, 2, size)
    reach = kind.price_ticks * moves / 2
    high = np.maximum(opened, close) + _whole(reach * np.abs(dice.normal(size=size)))
    low = np.minimum(opened, close) - _whole(reach * np.abs(dice.normal(size=size)))
    lots = np.maximum(counts, _whole(counts * kind.lots * np.exp(dice.normal(0, 0.6, size))))
    taken = _whole(lots * dice.beta(6, 6, size))
    worth, taken_worth = (_whole(amount * (low + (high - low) * dice.random(size))) for amount in (lots, taken))
    open_time = BEGIN_MS + MINUTE_MS * np.arange(size)
    last = 10**9 + np.cumsum(counts) - 1
    columns = {
        "open_time": open_time, "close_time": open_time + MINUTE_MS - 1, "trade_count": counts,
        "first_trade_id": last - counts + 1, "last_trade_id": last,
        "published_at": open_time + MINUTE_MS + dice.integers(350, 1_250, size),
    }  # fmt: skip
    amounts = {
        **{name: (values, kind.tick, _UNIT) for name, values in
           {"open": opened, "high": high, "low": low, "close": close}.items()},
        **{name: (values, kind.lot, _UNIT) for name, values in {"volume": lots, "taker_buy_volume": taken}.items()},
        **{name: (values, kind.tick * kind.lot, _PRODUCT) for name, values in
           {"quote_volume": worth, "taker_buy_quote_volume": taken_worth}.items()},
    }  # fmt: skip
    return pl.DataFrame(columns).select(
        *columns,
        *(_amount(*amount).alias(name) for name, amount in amounts.items()),
        symbol=pl.lit(kind.name), interval=pl.lit("1m"), closed=pl.lit(value=True), revision=pl.lit(0),
        origin=pl.lit(Origin.TRADES.value),
    ).select(pl.col(name).cast(as_is) for name, as_is in SCHEMA.items())  # fmt: skip


def _waves(size: int, dice: np.random.Generator) -> npt.NDArray[np.float64]:
    steps, activity = dice.normal(0, 0.35, size), np.empty(size)
    level = 0.0
    for place, step in enumerate(steps):
        level = 0.93 * level + step
        activity[place] = level
    return activity + 0.5 * np.sin(2 * np.pi * np.arange(size) / DAY_MINUTES)


def _returning(walk: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return walk - np.linspace(0, walk[-1], len(walk))


def _whole(amounts: npt.NDArray[Any]) -> Numbers:
    whole: Numbers = np.rint(amounts).astype(np.int64)
    return whole


def _amount(steps: Numbers, step: int, unit: Decimal) -> pl.Expr:
    return pl.lit(pl.Series(steps)).cast(pl.Decimal(38, 0)) * step * unit


def as_stored(candles: pl.DataFrame) -> pl.DataFrame:
    """With the columns of the lake's table, and their types there."""
    month = pl.from_epoch("open_time", time_unit="ms").dt.strftime("%Y-%m").alias(MONTH)
    whole, places = map(int, VOLUME.removeprefix("decimal(").removesuffix(")").split(","))
    narrower = pl.col("volume", "taker_buy_volume").cast(pl.Decimal(whole, places))
    return candles.with_columns(narrower, month).select(field.name for field in table_schema().fields)


def trades(count: int, *, seed: int = 7) -> pl.DataFrame:
    """Of one symbol on one day, with the columns of the archive: size, side and step of recorded trades, each drawn by
    itself, which is more than there is in real ones: those come in runs.
    """
    prices, quantities, sides = zip(*recorded("btcusdt"), strict=True)
    steps = [int((after - before) * 100) for before, after in pairwise(Decimal(one.decode()) for one in prices)]
    sizes, makers = [int(Decimal(one.decode()) * 10**8) for one in quantities], [one == b"true" for one in sides]
    dice = np.random.default_rng(seed)
    step, size, side = (dice.integers(0, len(steps), count) for _ in range(3))
    price = 6_000_000 + np.cumsum(np.asarray(steps)[step]) % 100_000
    time_ms = BEGIN_MS + np.cumsum(dice.choice([0, 0, 0, 0, 1, 3, 12, 40], count))
    day = time_ms < BEGIN_MS + DAY_MINUTES * MINUTE_MS
    frame = pl.DataFrame(
        {"trade_id": 10**9 + np.arange(count), "traded_at_ms": time_ms, "buyer_is_maker": np.asarray(makers)[side]}
    ).with_columns(
        _amount(price, 10**6, _UNIT).alias("price"),
        _amount(np.asarray(sizes)[size], 1, _UNIT).alias("quantity"),
        symbol=pl.lit("BTCUSDT"), counts=pl.lit(value=True),
    )  # fmt: skip
    return frame.filter(pl.Series(day)).select(
        pl.col(name).cast(as_is) for name, as_is in trade_columns.COLUMNS.items()
    )
