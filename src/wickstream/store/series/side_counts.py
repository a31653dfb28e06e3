"""How many trades of a window takers bought by, and how many they sold by. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from wickstream.candle import Candle, window_end, window_start
from wickstream.events import DAY_MS


class Sides(NamedTuple):
    """Trades of one window, counted one by one."""

    buys: int
    sells: int


def width_of(interval: str) -> int:
    """So wide (ms) trades are counted: windows longer than a day consist of days, wherever they open."""
    return DAY_MS if interval == "1M" else min(DAY_MS, window_end(0, interval))


def by_window(counted: Iterable[tuple[int, int, int]], interval: str) -> dict[int, Sides]:
    """From counts of a width, each with its time, buys and sells, those of the windows by their open time."""
    found: dict[int, Sides] = {}
    for opened_ms, buys, sells in counted:
        window_ms = window_start(opened_ms, interval)
        so_far = found.get(window_ms, Sides(0, 0))
        found[window_ms] = Sides(so_far.buys + buys, so_far.sells + sells)
    return found


def proven_sides(candles: Sequence[Candle], counted: Mapping[int, Sides]) -> list[Sides | None]:
    """Of each candle; None where there are not exactly as many trades as it was made of."""
    return [_proven(candle, counted.get(candle.open_time, Sides(0, 0))) for candle in candles]


def _proven(candle: Candle, sides: Sides) -> Sides | None:
    return sides if sum(sides) == candle.trade_count else None
