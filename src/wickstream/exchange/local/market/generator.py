"""A market made up from a seed: its whole content, the same wherever it is made."""

import random
from bisect import bisect_left

import structlog

from wickstream.config import Market
from wickstream.exchange.local.market.drawing import Drawn, draw
from wickstream.exchange.local.market.generated_tape import GeneratedTape
from wickstream.exchange.local.market.instruments import Instrument, instruments
from wickstream.exchange.local.market.market_plan import MarketPlan
from wickstream.exchange.local.market.recording import Recording
from wickstream.exchange.local.market.tape import Repeat
from wickstream.exchange.local.market.trading_habits import Habits, habits_of

_PAST_MS = 7 * 86_400_000
_SHARE_NOT_TRADED = 10  # one more in so many is listed, and in a break
_TOLD_EVERY = 1_000_000  # trades

log = structlog.get_logger()


def generate(plan: MarketPlan) -> Recording:
    """The market of `plan`."""
    listed = instruments(plan.symbols + plan.symbols // _SHARE_NOT_TRADED, seed=plan.seed)
    habits = habits_of(plan)
    total, made, told = sum(one.trades for one in habits), 0, 0
    tapes = []
    for instrument, one in zip(listed, habits, strict=False):
        tapes.append(_tape(instrument, one, plan.seed))
        made += len(tapes[-1])
        if made - told >= _TOLD_EVERY:
            told = made
            log.info("making up the market", trades=made, of_about=total, symbols=len(tapes))
    return Recording(
        tapes=tuple(tapes),
        digest=plan.digest,
        market=Market.SPOT,
        first_ms=0,
        last_ms=0,
        careers={tape.symbol: one.career for tape, one in zip(tapes, habits, strict=True)},
        instruments=tuple(listed),
    )


def traded_at_first(plan: MarketPlan) -> tuple[str, ...]:
    """The symbols that are listed when the market opens, the most traded first."""
    pairs = zip(instruments(plan.symbols, seed=plan.seed), habits_of(plan), strict=True)
    return tuple(pair.symbol for pair, habits in pairs if habits.career.listed_at_ms is None)


def _tape(instrument: Instrument, habits: Habits, seed: int) -> GeneratedTape:
    dice = random.Random(f"{seed}/{instrument.symbol}")  # noqa: S311 - a market, not a secret
    drawn = draw(instrument, habits, dice)
    first_id, past = _first_id(drawn, habits)
    return GeneratedTape(
        instrument.symbol,
        first_id=first_id,
        times=drawn.times,
        prices=drawn.prices,
        quantities=drawn.quantities,
        maker_buys=drawn.maker_buys,
        repeat=Repeat(habits.period_ms, past),
    )


def _first_id(drawn: Drawn, habits: Habits) -> tuple[int, int]:
    """Of loop 0, and how many loops come before it: whenever a symbol was listed, its first trade has id 0."""
    listed_at_ms, count = habits.career.listed_at_ms, len(drawn.times)
    if listed_at_ms is not None:
        loops, since_loop_ms = divmod(listed_at_ms, habits.period_ms)
        return -(loops * count + bisect_left(drawn.times, since_loop_ms)), 0
    past = -(-_PAST_MS // habits.period_ms)
    return past * count, past
