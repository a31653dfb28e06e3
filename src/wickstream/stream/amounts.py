"""Prices and quantities as 64-bit integers, and sums of them as several: Spark's decimals cost many times as much.

The exchange's own engine counts in such integers, so what it can trade fits. What does not fit is an error.
"""

from collections.abc import Sequence
from functools import reduce
from operator import add

from pyspark.sql import Column
from pyspark.sql import functions as F

_ONE = 100_000_000  # units in 1: the exchange writes eight decimals
_AS_SPOT_WRITES = r"^[0-9]{1,11}\.[0-9]{8}$"
_ANY_OTHER = r"^[0-9]{1,11}(\.[0-9]{0,8})?$"


def units(text: Column) -> Column:
    """How many units of 1e-8, as bigint; null of what is no plain amount, is finer, or does not fit."""
    at_once = F.replace(text, F.lit("."), F.lit("")).try_cast("bigint")
    by_decimal = (text.try_cast("decimal(20,8)") * F.lit(_ONE)).try_cast("bigint")
    return F.when(text.rlike(_AS_SPOT_WRITES), at_once).when(text.rlike(_ANY_OTHER), by_decimal)


def amount(units: Column) -> Column:
    """As decimal(20,8)."""
    return (units.cast("decimal(20,0)") * _to_the_minus(8)).cast("decimal(20,8)")


def digits(units: Column) -> list[Column]:
    """To the base of 1e8: before and behind the point. Sums of these fit where a sum of units would not."""
    return [_div(units), _rest(units)]


def product_digits(price: Column, quantity: Column) -> list[Column]:
    """Of both units' product: before the point, and two digits to the base of 1e8 behind it, not carried."""
    (p_1, p_0), (q_1, q_0) = digits(price), digits(quantity)
    outer, inner, last = p_1 * q_0, p_0 * q_1, p_0 * q_0
    return [p_1 * q_1 + _div(outer) + _div(inner), _rest(outer) + _rest(inner) + _div(last), _rest(last)]


def total(digits: Sequence[Column]) -> Column:
    """An aggregate: the sum of what these digits tell, as decimal(38,16); null of none."""
    scales = [F.lit(10**places).cast("decimal(17,0)") for places in (16, 8, 0)]
    sums = [F.sum(digit).cast("decimal(20,0)") * scale for digit, scale in zip(digits, scales, strict=False)]
    return (reduce(add, sums) * _to_the_minus(16)).cast("decimal(38,16)")


def _div(number: Column) -> Column:
    return F.call_function("div", number, F.lit(_ONE))


def _rest(number: Column) -> Column:
    return number % F.lit(_ONE)


def _to_the_minus(places: int) -> Column:
    return F.lit(f"1e-{places}").cast(f"decimal({places},{places})")
