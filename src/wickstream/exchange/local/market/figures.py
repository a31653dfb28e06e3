"""Exact sums and extremes over any stretch of a symbol's trades."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import compress
from operator import mul
from typing import NamedTuple

BLOCK = 128  # trades whose figures are kept together
_FLIPPED = bytes((1, 0)) + bytes(254)
_NEVER = 2**63  # above any price: the lowest of a block that holds none


class Columns(NamedTuple):
    """Trades in order of id, a column per field; amounts are integers of a fixed number of decimal places."""

    ids: Sequence[int]
    times: Sequence[int]  # ms
    prices: Sequence[int]
    quantities: Sequence[int]
    maker_buys: bytes
    counts: bytes  # 0: off-book (futures), in no figure


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums and extremes over a stretch of trades; amounts are integers in the units of the columns."""

    trades: int
    volume: int
    quote: int
    taker_volume: int
    taker_quote: int
    high: int
    low: int

    def times(self, count: int) -> "Figures":
        """The figures of `count` such stretches."""
        if not count:
            return NOTHING
        return Figures(
            count * self.trades,
            count * self.volume,
            count * self.quote,
            count * self.taker_volume,
            count * self.taker_quote,
            self.high,
            self.low,
        )


NOTHING = Figures(0, 0, 0, 0, 0, 0, 0)


def joined(stretches: Iterable[Figures]) -> Figures:
    """The figures of all stretches together."""
    parts = [part for part in stretches if part.trades]
    if len(parts) < 2:
        return parts[0] if parts else NOTHING
    return Figures(
        sum(part.trades for part in parts),
        sum(part.volume for part in parts),
        sum(part.quote for part in parts),
        sum(part.taker_volume for part in parts),
        sum(part.taker_quote for part in parts),
        max(part.high for part in parts),
        min(part.low for part in parts),
    )


class FigureIndex:
    """Running totals and extremes, a block of trades at a time: any stretch costs two part blocks and a subtraction."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._size = len(columns.ids)
        self._totals: list[tuple[int, int, int, int, int]] = [(0, 0, 0, 0, 0)]
        self._highs: list[int] = []
        self._lows: list[int] = []
        for at in range(0, self._size, BLOCK):
            self._add(self._scan(at, min(at + BLOCK, self._size)))

    def _add(self, block: Figures) -> None:
        trades, volume, quote, taker_volume, taker_quote = self._totals[-1]
        self._totals.append(
            (
                trades + block.trades,
                volume + block.volume,
                quote + block.quote,
                taker_volume + block.taker_volume,
                taker_quote + block.taker_quote,
            )
        )
        self._highs.append(block.high if block.trades else 0)
        self._lows.append(block.low if block.trades else _NEVER)

    def figures(self, start: int, stop: int) -> Figures:
        """Over the trades at positions `start` to `stop`, exclusive."""
        first = -(-start // BLOCK)
        last = len(self._highs) if stop == self._size else stop // BLOCK
        if first >= last:
            return self._scan(start, stop)
        tail = self._scan(last * BLOCK, stop) if last * BLOCK < stop else NOTHING
        return joined((self._scan(start, first * BLOCK), self._blocks(first, last), tail))

    def _blocks(self, first: int, last: int) -> Figures:
        before, after = self._totals[first], self._totals[last]
        trades, volume, quote, taker_volume, taker_quote = (b - a for a, b in zip(before, after, strict=True))
        highest, lowest = max(self._highs[first:last]), min(self._lows[first:last])
        return Figures(trades, volume, quote, taker_volume, taker_quote, highest, lowest)

    def _scan(self, start: int, stop: int) -> Figures:
        columns = self._columns
        counts = columns.counts[start:stop]
        if 1 not in counts:
            return NOTHING
        prices, quantities = columns.prices[start:stop], columns.quantities[start:stop]
        takers = columns.maker_buys[start:stop].translate(_FLIPPED)
        if 0 in counts:
            prices, quantities = list(compress(prices, counts)), list(compress(quantities, counts))
            takers = bytes(compress(takers, counts))
        quotes = list(map(mul, prices, quantities))
        return Figures(
            len(prices),
            sum(quantities),
            sum(quotes),
            sum(compress(quantities, takers)),
            sum(compress(quotes, takers)),
            max(prices),
            min(prices),
        )
