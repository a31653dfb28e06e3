"""What the making of candles may do wrong."""

from collections.abc import Sequence
from datetime import timedelta
from functools import reduce
from operator import add
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from wickstream.stream import amounts, candles

_module = vars(candles)


def no_marks() -> None:
    """Every minute is called closed."""
    _module["_is_closed"] = lambda: F.lit(True)  # noqa: FBT003


def count_alone() -> None:
    """As many trades as the mark says, whichever they are."""
    _module["_is_closed"] = lambda: F.coalesce(F.col("mark_count") == F.col("trade_count"), F.lit(False))  # noqa: FBT003


def count_and_sum() -> None:
    """As many, with the same sum of ids."""

    def closed() -> Column:
        same = (F.col("mark_count") == F.col("trade_count")) & (F.col("mark_id_sum") == F.col("id_sum"))
        return F.coalesce(same, F.lit(False))  # noqa: FBT003

    _module["_is_closed"] = closed


def arrival_order() -> None:
    """Open is what came first, close what came last."""

    def prices() -> list[Column]:
        return [
            F.first("price_units", ignorenulls=True).alias("open"),
            F.max("price_units").alias("high"),
            F.min("price_units").alias("low"),
            F.last("price_units", ignorenulls=True).alias("close"),
        ]

    _module["_prices"] = prices


def float_sums() -> None:
    """Amounts are added as floats."""

    def total(digits: Sequence[Column]) -> Column:
        sums = [
            F.sum(digit.cast("double")) / F.lit(10.0**scale) for scale, digit in zip((0, 8, 16), digits, strict=False)
        ]
        return reduce(add, sums).cast("decimal(38,16)")

    vars(amounts)["total"] = total


def minutes_by_event_time() -> None:
    """A trade is of the minute in which it was told of."""

    def parsed(*, by_json: Column | None = None) -> Column:
        text = F.replace(F.col("value").cast("string"), F.lit('"T":'), F.lit('"traded":'))
        told = F.from_json(F.replace(text, F.lit('"E":'), F.lit('"T":')), _module["_TRADE_JSON"])
        return told if by_json is None else F.when(by_json, told)

    _module["_parsed_trade"] = parsed


def sides_inverted() -> None:
    """`m` is taken for the taker's side."""
    facts = _module["_trade_facts"]

    def inverted() -> list[Column]:
        trade_id, price, quantity, _, counts = facts()
        return [trade_id, price, quantity, F.col("m").alias("is_taker_buy"), counts]

    _module["_trade_facts"] = inverted


def no_lateness() -> None:
    """What is older than the newest minute is dropped."""
    made = candles.candles

    def hurried(trades_and_marks: DataFrame, **_: Any) -> DataFrame:
        return made(trades_and_marks, lateness=timedelta(0))

    _module["candles"] = hurried
