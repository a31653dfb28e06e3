"""What a symbol's minutes usually look like: its closed ones of the last days, in bounded memory. Pure."""

from array import array
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from statistics import median_low

from wickstream.candle import EXACT, Candle
from wickstream.events import MINUTE_MS

_MILLION = Decimal(1_000_000)
_PERCENT = Decimal(100)
_LARGEST = 2**63 - 1

# Makes the median distance as large as the standard deviation where values lie normally.
_NORMAL = Decimal("1.4826")


@dataclass(frozen=True)
class Spread:
    """The middle of some amounts, and how far from it they lie."""

    median: Decimal
    median_distance: Decimal

    def limit(self, z: Decimal) -> Decimal:
        """What a robust z-score of `z` is."""
        return EXACT.add(self.median, EXACT.multiply(z, EXACT.multiply(_NORMAL, self.median_distance)))


@dataclass(frozen=True)
class UsualMinute:
    """Of one symbol."""

    minutes: int  # how many it is known by
    quote_volume: Spread
    move_pct: Spread  # of the largest move away from the open


class MinuteHistory:
    """The closed minutes of one symbol, the last `minutes` of them up to the newest; 20 bytes each.

    Volumes are kept to a millionth of the quote asset, moves to a millionth of a percent.
    """

    def __init__(self, *, minutes: int) -> None:
        self._numbers = array("i", [-1]) * minutes
        self._volumes = array("q", [0]) * minutes
        self._moves = array("q", [0]) * minutes
        self._newest = -1

    def add(self, candle: Candle) -> None:
        """Take a closed minute, in any order; one that came before is replaced, one too old is left out."""
        number, size = candle.open_time // MINUTE_MS, len(self._numbers)
        if number <= self._newest - size:
            return
        place = number % size
        self._numbers[place] = number
        self._volumes[place] = _in_millionths(candle.quote_volume)
        self._moves[place] = _in_millionths(largest_move_pct(candle))
        self._newest = max(self._newest, number)

    def usual(self) -> UsualMinute | None:
        """None without a minute."""
        oldest = self._newest - len(self._numbers) + 1
        held = [place for place, number in enumerate(self._numbers) if number >= max(oldest, 0)]
        if not held:
            return None
        volumes, moves = ([column[place] for place in held] for column in (self._volumes, self._moves))
        return UsualMinute(len(held), spread(volumes), spread(moves))


def largest_move_pct(candle: Candle) -> Decimal:
    """`max(high / open - 1, 1 - low / open)` in percent."""
    distance = max(EXACT.subtract(candle.high, candle.open), EXACT.subtract(candle.open, candle.low))
    return EXACT.divide(EXACT.multiply(_PERCENT, distance), candle.open) if candle.open else Decimal(0)


def spread(millionths: Collection[int]) -> Spread:
    """Of at least one amount; of an even number of them the lower middle one is the median."""
    middle = median_low(millionths)
    distance = median_low(abs(amount - middle) for amount in millionths)
    return Spread(EXACT.divide(Decimal(middle), _MILLION), EXACT.divide(Decimal(distance), _MILLION))


def _in_millionths(amount: Decimal) -> int:
    return min(int(EXACT.multiply(amount, _MILLION)), _LARGEST)
