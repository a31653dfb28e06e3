"""The same minutes in two places. Pure, in columns."""

from collections.abc import Iterator

import polars as pl

from wickstream.candle import EXCHANGE_FIELDS
from wickstream.operate.validation.evidence import Fault

KEY = ("symbol", "interval", "open_time")
FACTS = tuple(name for name in EXCHANGE_FIELDS if name not in KEY)


def disagreements(ours: pl.DataFrame, theirs: pl.DataFrame, *, names: tuple[str, str]) -> Iterator[Fault]:
    """Minutes of which both have a candle, and not the same one."""
    both = ours.select(*KEY, *FACTS).join(theirs.select(*KEY, *FACTS), on=KEY, suffix="_there")
    differ = pl.any_horizontal(pl.col(name) != pl.col(f"{name}_there") for name in FACTS)
    for row in both.filter(differ).sort(KEY).iter_rows(named=True):
        said = [f"{name} {row[name]} in {names[0]}, {row[f'{name}_there']} in {names[1]}" for name in FACTS
                if row[name] != row[f"{name}_there"]]  # fmt: skip
        yield Fault(row["symbol"], row["open_time"], "; ".join(said))


def lacking(ours: pl.DataFrame, theirs: pl.DataFrame, *, where: str) -> Iterator[Fault]:
    """Minutes of ours that are not among theirs."""
    for row in ours.select(KEY).join(theirs.select(KEY), on=KEY, how="anti").sort(KEY).iter_rows(named=True):
        yield Fault(row["symbol"], row["open_time"], f"is not in {where}")
