"""Candles prove each other: ids of one end where those of the next begin. Pure, in columns."""

from collections.abc import Collection, Iterator, Sequence
from typing import TypedDict

import polars as pl

from wickstream.events import MINUTE_MS
from wickstream.operate.validation.evidence import Fault


class Ledger(TypedDict):
    """What explains that minutes or ids are missing: see `chain_faults`."""

    absent: Sequence[range]
    halts: Collection[int]
    starts: Collection[int]


COLUMNS = ("symbol", "open_time", "first_trade_id", "last_trade_id", "trade_count")


def chain_faults(
    minutes: pl.DataFrame, *, absent: Sequence[range], halts: Collection[int], starts: Collection[int]
) -> Iterator[Fault]:
    """Of one symbol's closed minutes, in order of time.

    `absent`: ids that the exchange never had; `halts`: open times of minutes without trading; `starts`: ids from which
    on it was followed, so that nothing is missed before. Klines without ids are passed over.
    """
    known = minutes.filter(pl.col("first_trade_id").is_not_null())
    steps = known.select(
        *COLUMNS,
        last_before=pl.col("last_trade_id").shift(),
        opened_before=pl.col("open_time").shift(),
    ).with_columns(lacks_inside=pl.col("last_trade_id") - pl.col("first_trade_id") + 1 - pl.col("trade_count"))
    odd = steps.filter(
        (pl.col("lacks_inside") != 0)
        | (pl.col("first_trade_id") - pl.col("last_before") != 1)
        | (pl.col("open_time") - pl.col("opened_before") != MINUTE_MS)
    )
    known_klines = set(minutes.filter(pl.col("first_trade_id").is_null())["open_time"])
    for step in odd.iter_rows(named=True):
        yield from _judged(step, absent, {*halts, *known_klines}, starts)


def _judged(
    step: dict[str, int], absent: Sequence[range], needless: Collection[int], starts: Collection[int]
) -> Iterator[Fault]:
    first, last, before = step["first_trade_id"], step["last_trade_id"], step["last_before"]
    symbol, opened = str(step["symbol"]), step["open_time"]
    lacking = step["lacks_inside"] - _count(absent, first, last)
    if lacking:
        yield Fault(symbol, opened, f"holds {step['trade_count']} trades of ids {first} to {last}")
    if before is None or any(before < start <= first for start in starts):
        return
    if first <= before:
        yield Fault(symbol, opened, f"begins with id {first}, and the one before ends with {before}")
    between = range(step["opened_before"] + MINUTE_MS, opened, MINUTE_MS)
    missing = sum(minute not in needless for minute in between)
    lost = first - before - 1 - _count(absent, before + 1, first - 1)
    if missing:
        yield Fault(symbol, opened, f"{missing} minutes are missing before it, with {max(lost, 0)} trades")
    elif lost > 0 and not any(minute in needless for minute in between):
        yield Fault(symbol, opened, f"{lost} ids are missing before {first}")


def _count(absent: Sequence[range], first: int, last: int) -> int:
    """How many of the ids from one to the other are absent."""
    return sum(max(0, min(ids[-1], last) - max(ids[0], first) + 1) for ids in absent)
