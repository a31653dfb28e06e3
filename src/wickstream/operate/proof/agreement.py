"""The same minutes in two places. Pure, in columns."""

from collections.abc import Iterator, Sequence

import polars as pl

from wickstream.candle import EXCHANGE_FIELDS, Candle
from wickstream.events import DAY_MS
from wickstream.operate.validation.evidence import Fault

KEY = ("symbol", "interval", "open_time")
FACTS = tuple(name for name in EXCHANGE_FIELDS if name not in KEY)
EVERYTHING = tuple(name for name in Candle.__struct_fields__ if name not in KEY)


def is_settled(column: str, settled_ms: int) -> pl.Expr:
    """Published so long ago that every tier should have it; what claims to come from a day ahead does not come."""
    return (pl.col(column) < settled_ms) | (pl.col(column) > settled_ms + DAY_MS)


def disagreements(
    ours: pl.DataFrame,
    theirs: pl.DataFrame,
    *,
    names: tuple[str, str],
    fields: Sequence[str] = FACTS,
    settled_ms: int | None = None,
) -> Iterator[Fault]:
    """Minutes of which both have a candle, and not the same one.

    `settled_ms`: where one was published then or later, the other place may still be given it.
    """
    both = ours.select(*KEY, *fields).join(theirs.select(*KEY, *fields), on=KEY, suffix="_there")
    differ = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_there")) for name in fields)
    found = both.filter(differ)
    if settled_ms is not None:
        found = found.filter(is_settled("published_at", settled_ms) & is_settled("published_at_there", settled_ms))
    for row in found.sort(KEY).iter_rows(named=True):
        said = [f"{name} {row[name]} in {names[0]}, {row[f'{name}_there']} in {names[1]}" for name in fields
                if row[name] != row[f"{name}_there"]]  # fmt: skip
        yield Fault(row["symbol"], row["open_time"], "; ".join(said))


def lacking(ours: pl.DataFrame, theirs: pl.DataFrame, *, where: str) -> Iterator[Fault]:
    """Minutes of ours that are not among theirs."""
    for row in ours.select(KEY).join(theirs.select(KEY), on=KEY, how="anti").sort(KEY).iter_rows(named=True):
        yield Fault(row["symbol"], row["open_time"], f"is not in {where}")
