"""Draws the trades of one made-up symbol: bursts, trades of the same ms, a price that walks and comes back."""

import random
from array import array
from collections.abc import Iterator
from itertools import accumulate, chain, islice, repeat
from operator import mul
from typing import NamedTuple

from wickstream.exchange.local.market.instruments import Instrument
from wickstream.exchange.local.market.trading_habits import Habits

_EVENTS_PER_SLOT = 16
_SLOT_MS = (100, 60_000)
_BURST = 30  # weights from here on are bursts: most of their events come at once
_CENT = 10**6


def _table(shares: dict[int, int]) -> bytes:
    """256 values, each as often as its share: what random bytes are translated by."""
    return bytes(chain.from_iterable(repeat(value, share) for value, share in shares.items()))


_GROUP_SIZES = _table({1: 154, 2: 50, 3: 26, 4: 13, 6: 8, 10: 5})  # two of three trades share their ms
_MEAN_GROUP = sum(_GROUP_SIZES) / 256
_MOVES = _table({0: 190, 1: 40, 2: 16, 3: 6, 6: 4})
_SIDES = _table({0: 128, 1: 128})
_WEIGHTS = _table({2: 40, 5: 80, 8: 80, 12: 36, 40: 16, 120: 4})
_DOLLARS = [_CENT * (100 + number**3 // 1_000) for number in range(1_024)]  # 1 to 10,700


class Drawn(NamedTuple):
    """Columns of one loop; amounts in units of 8 places."""

    times: "array[int]"
    prices: "array[int]"
    quantities: "array[int]"
    maker_buys: bytes


def draw(instrument: Instrument, habits: Habits, dice: random.Random) -> Drawn:
    """One loop: at its end the price is back where it began."""
    events = max(1, round(habits.trades / _MEAN_GROUP))
    sizes = dice.randbytes(events).translate(_GROUP_SIZES)
    sides = dice.randbytes(events).translate(_SIDES)
    moments = _moments(habits, events, dice)
    maker_buys = bytes(chain.from_iterable(map(repeat, sides, sizes)))
    return Drawn(
        times=array("I", chain.from_iterable(map(repeat, moments, sizes))),
        prices=_prices(instrument, maker_buys, dice),
        quantities=_quantities(instrument, len(maker_buys), dice),
        maker_buys=maker_buys,
    )


def _moments(habits: Habits, events: int, dice: random.Random) -> Iterator[int]:
    """When something is traded, in ms, forward; never in a halt."""
    least, most = _SLOT_MS
    width = max(least, min(most, habits.period_ms * _EVENTS_PER_SLOT // events, habits.period_ms))
    starts = range(0, habits.period_ms - width + 1, width)
    weights = [
        weight if not any(start < halt.end_ms and halt.start_ms < start + width for halt in habits.career.halts) else 0
        for start, weight in zip(starts, dice.randbytes(len(starts)).translate(_WEIGHTS), strict=True)
    ]
    total = sum(weights)
    done = 0
    for start, weight, passed in zip(starts, weights, accumulate(weights), strict=True):
        count = events * passed // total - done
        done += count
        places = array("H", dice.randbytes(2 * count))
        if weight >= _BURST:
            yield from sorted([start + ((place * place >> 16) * width >> 16) for place in places])
        else:
            yield from sorted([start + (place * width >> 16) for place in places])


def _prices(instrument: Instrument, maker_buys: bytes, dice: random.Random) -> "array[int]":
    """Up when takers buy, down when they sell, and evenly corrected so that the loop closes."""
    count = len(maker_buys)
    moves = dice.randbytes(count).translate(_MOVES)
    steps = [-move if is_maker else move for move, is_maker in zip(moves, maker_buys, strict=True)]
    drift = sum(steps)
    for number in range(abs(drift)):
        steps[number * count // abs(drift)] -= 1 if drift > 0 else -1
    stride = instrument.tick * max(1, instrument.price // instrument.tick // 400_000)
    path = accumulate(map(mul, steps, repeat(stride)), initial=instrument.price)
    prices = array("q", islice(path, count))
    if min(prices) < instrument.tick:
        return array("q", map(max, prices, repeat(instrument.tick)))
    return prices


def _quantities(instrument: Instrument, count: int, dice: random.Random) -> "array[int]":
    """Worth a dollar to ten thousand, more of the smaller ones."""
    unit = 10**8
    table = [
        max(1, dollars * unit // instrument.base_dollars // instrument.step) * instrument.step for dollars in _DOLLARS
    ]
    return array("q", [table[place & 1_023] for place in array("H", dice.randbytes(2 * count))])
