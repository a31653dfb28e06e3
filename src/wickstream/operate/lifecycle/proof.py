"""Whether cold holds all that warm does of some minutes. Pure, in columns."""

from collections.abc import Iterator

import polars as pl

from wickstream.candle import Origin
from wickstream.operate.proof.agreement import KEY, disagreements
from wickstream.operate.proof.chain import Ledger, chain_faults
from wickstream.operate.validation.evidence import Fault

_IDS = ("first_trade_id", "last_trade_id")
_VERSION = ("revision", "closed", "trade_count", "origin")


def behind(warm: pl.DataFrame, cold: pl.DataFrame) -> pl.DataFrame:
    """Closed minutes of warm that cold lacks, or has in a smaller version."""
    held = cold.select(*KEY, *(pl.col(name).alias(f"{name}_there") for name in _VERSION))
    both = warm.filter("closed").join(held, on=KEY, how="left")
    own, there = _version(""), _version("_there")
    return both.filter(pl.col("revision_there").is_null() | (own > there)).select(warm.columns)


def faults(warm: pl.DataFrame, cold: pl.DataFrame, ledger: Ledger) -> Iterator[Fault]:
    """Why cold cannot stand for warm: minutes that it lacks, that are others, and links of the chain that it breaks.

    A larger version in cold may well be another candle: it is the newer word.
    """
    for row in behind(warm, cold).select(KEY).iter_rows(named=True):
        yield Fault(row["symbol"], row["open_time"], "is not in cold, or in a smaller version")
    closed = warm.filter("closed")
    same = closed.join(cold, on=[*KEY, "revision", "trade_count"], how="semi")
    yield from disagreements(same, cold, names=("warm", "cold"))
    yield from _other_ids(same, cold)
    yield from _broken_links(closed, cold, ledger)


def _other_ids(same: pl.DataFrame, cold: pl.DataFrame) -> Iterator[Fault]:
    both = same.join(cold.select(*KEY, *_IDS), on=KEY, suffix="_there")
    differ = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_there")) for name in _IDS)
    for row in both.filter(differ).iter_rows(named=True):
        ids = [f"{row[f'first_trade_id{at}']} to {row[f'last_trade_id{at}']}" for at in ("", "_there")]
        yield Fault(row["symbol"], row["open_time"], f"ids {ids[0]} in warm, {ids[1]} in cold")


def _broken_links(warm: pl.DataFrame, cold: pl.DataFrame, ledger: Ledger) -> Iterator[Fault]:
    """Those of the same minutes that cold breaks, and warm does not."""
    broken_in_warm = {fault.open_time for fault in chain_faults(warm.sort("open_time"), **ledger)}
    same = cold.join(warm.select(KEY), on=KEY, how="semi")
    for fault in chain_faults(same.sort("open_time"), **ledger):
        if fault.open_time not in broken_in_warm:
            yield Fault(fault.symbol, fault.open_time, f"in cold: {fault.what}")


def _version(suffix: str) -> pl.Expr:
    """Rule 9, as a number that compares like it."""
    revision, closed, count = (pl.col(f"{name}{suffix}") for name in ("revision", "closed", "trade_count"))
    is_own = pl.col(f"origin{suffix}") == Origin.TRADES.value
    return (
        revision.cast(pl.Int128) * 2**65 + closed.cast(pl.Int128) * 2**64 + count.cast(pl.Int128) * 2
        + is_own.cast(pl.Int128)
    )  # fmt: skip
