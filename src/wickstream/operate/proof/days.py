"""Candles by the day, a row a symbol and day (`store.warm.days`): what adds up needs no closer look. Pure."""

from collections.abc import Iterator
from typing import NamedTuple

import polars as pl

from wickstream.events import DAY_MS, MINUTE_MS
from wickstream.operate.validation.evidence import Fault

_COUNTS = ("minutes", "first_id", "last_id", "trades")


class Look(NamedTuple):
    """Minutes of a symbol to be looked at one by one, from the last one before them on; open times, both included."""

    symbol: str
    first_ms: int
    last_ms: int


def to_look_at(days: pl.DataFrame) -> list[Look]:
    """What does not add up, or does not go on where the day before ended."""
    before = {name: pl.col(name).shift().over("symbol") for name in ("last_open", "last_id")}
    goes_on = (pl.col("first_open") == before["last_open"] + MINUTE_MS) & (pl.col("first_id") == before["last_id"] + 1)
    is_first = before["last_open"].is_null()
    odd = days.with_columns(before=before["last_open"]).filter(~(pl.col("chains") & (goes_on | is_first)))
    return [
        Look(row["symbol"], row["first_open"] if row["before"] is None else row["before"], row["last_open"])
        for row in odd.iter_rows(named=True)
    ]


def counts_differ(warm: pl.DataFrame, cold: pl.DataFrame, *, kept_since_ms: int) -> Iterator[Fault]:
    """Days of which the tiers do not hold as many candles, of the same trades; warm keeps none before that time."""
    kept = cold.filter(pl.col("last_open") >= kept_since_ms)
    both = warm.join(kept, on=["symbol", "day"], how="full", coalesce=True, suffix="_there")
    differ = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_there")) for name in _COUNTS)
    for row in both.filter(differ).sort("symbol", "day").iter_rows(named=True):
        said = [f"{name.replace('_', ' ')} {row[name]} in warm, {row[f'{name}_there']} in cold" for name in _COUNTS
                if row[name] != row[f"{name}_there"]]  # fmt: skip
        yield Fault(row["symbol"], row["day"] * DAY_MS, "on this day: " + "; ".join(said))
