"""How the symbols of a generated market trade: how often, since when, and with which pauses."""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from wickstream.exchange.local.market.career import ALWAYS_LISTED, BREAK, HALT, Career, Halt
from wickstream.exchange.local.market.market_plan import MarketPlan

_KEPT_TRADES = 2_000_000  # about so many are held in memory: what is rarer repeats later
_PERIOD_S = (91, 3_601)  # no whole minutes: each loop falls differently on them
_HALTED_PERIOD_S = 607
_QUIET_PAUSE_S = 480
_FEWEST_FOR_EVENTS = 10  # symbols: a smaller market is one of always trading ones
_FIRST_RANK_OF_EVENTS = 3


@dataclass(frozen=True)
class Habits:
    """One symbol's.

    Attributes:
        trades: in one period, about.
    """

    trades: int
    period_ms: int
    career: Career = ALWAYS_LISTED


def habits_of(plan: MarketPlan) -> list[Habits]:
    """By rank: a power law, with some quiet ones at its end and some listed, delisted or halted among the others."""
    careers = _careers(plan)
    quiet = plan.symbols - _how_many(plan, 20)
    weights = [1 / (rank + 1) for rank in range(plan.symbols)]
    total = sum(weights)
    return [
        _habits(plan, 1 / _QUIET_PAUSE_S if rank >= quiet else plan.rate * weight / total, careers.get(rank))
        for rank, weight in enumerate(weights)
    ]


def _habits(plan: MarketPlan, per_s: float, career: Career | None) -> Habits:
    least, most = _PERIOD_S
    kept_s = max(_KEPT_TRADES / plan.rate, _KEPT_TRADES / plan.symbols / per_s)
    period_s = int(max(least, min(most, kept_s))) | 1
    if career and career.halts:
        period_s = max(period_s, _HALTED_PERIOD_S)
    return Habits(max(1, round(per_s * period_s)), period_s * 1_000, career or ALWAYS_LISTED)


def _how_many(plan: MarketPlan, one_in: int) -> int:
    return max(1, plan.symbols // one_in) if plan.symbols >= _FEWEST_FOR_EVENTS else 0


def _careers(plan: MarketPlan) -> Mapping[int, Career]:
    """Of the ranks that have one; the first events come within two minutes."""
    halted, listed, delisted = (_how_many(plan, one_in) for one_in in (50, 100, 100))
    ranks = range(_FIRST_RANK_OF_EVENTS, plan.symbols - _how_many(plan, 20))
    dice = random.Random(f"{plan.seed}/careers")  # noqa: S311 - a market, not a secret
    chosen = iter(dice.sample(ranks, halted + listed + delisted))
    careers = [_halted(number, dice) for number in range(halted)]
    careers += [Career(listed_at_ms=_moment(number, 45_000, dice)) for number in range(listed)]
    careers += [Career(delisted_at_ms=_moment(number, 75_000, dice)) for number in range(delisted)]
    return dict(zip(chosen, careers, strict=True))


def _halted(number: int, dice: random.Random) -> Career:
    start_ms = _moment(number % 5, 60_000, dice)
    length_ms = dice.randint(150_000, 250_000)
    return Career(halts=(Halt(start_ms, start_ms + length_ms, BREAK if number % 2 else HALT),))


def _moment(number: int, first_ms: int, dice: random.Random) -> int:
    return first_ms + number * 60_000 + dice.randint(0, 15_000)
