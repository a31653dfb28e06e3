"""One symbol's recorded trades as columns of integers, and exact figures over any stretch of them."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import compress
from operator import mul
from typing import NamedTuple

BLOCK = 256  # trades whose figures are kept together: a day of a busy symbol is some thousand blocks


class RecordedTrade(NamedTuple):
    """One trade of a capture file."""

    symbol: str
    trade_id: int
    price: str
    quantity: str
    traded_at_ms: int
    buyer_is_maker: bool
    counts: bool  # False: off-book (futures), in no figure
    data: bytes  # the frame without its envelope, as captured


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums and extremes over a stretch of trades; amounts are integers in the units of the tape."""

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
    if not parts:
        return NOTHING
    return Figures(
        sum(part.trades for part in parts),
        sum(part.volume for part in parts),
        sum(part.quote for part in parts),
        sum(part.taker_volume for part in parts),
        sum(part.taker_quote for part in parts),
        max(part.high for part in parts),
        min(part.low for part in parts),
    )


class Tape:
    """A symbol's trades in order of id; prices and quantities as integers of a fixed number of places."""

    def __init__(self, symbol: str, trades: Sequence[RecordedTrade], *, places: int = 0) -> None:
        """`places`: decimal places the market writes at least."""
        self.symbol = symbol
        self.price_places = max(places, *(_places(trade.price) for trade in trades))
        self.quantity_places = max(places, *(_places(trade.quantity) for trade in trades))
        self.ids = array("q", (trade.trade_id for trade in trades))
        self.times = array("q", (trade.traded_at_ms for trade in trades))
        self.prices = array("q", (_scaled(trade.price, self.price_places) for trade in trades))
        self.quantities = array("q", (_scaled(trade.quantity, self.quantity_places) for trade in trades))
        self.maker_buys = bytearray(trade.buyer_is_maker for trade in trades)
        self.counts = bytearray(trade.counts for trade in trades)
        self.data = [trade.data for trade in trades]
        self._blocks = [self._scan(at, min(at + BLOCK, len(self))) for at in range(0, len(self), BLOCK)]
        self.whole = joined(self._blocks)
        # A loop asks for the same minutes again and again.
        self.figures = lru_cache(maxsize=8_192)(self._figures)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def id_span(self) -> int:
        """How many ids the recording covers, holes included."""
        return self.ids[-1] - self.ids[0] + 1

    def _figures(self, start: int, stop: int) -> Figures:
        """Over the trades at positions `start` to `stop`, exclusive."""
        first, last = -(-start // BLOCK), stop // BLOCK
        if first >= last:
            return self._scan(start, stop)
        return joined([self._scan(start, first * BLOCK), *self._blocks[first:last], self._scan(last * BLOCK, stop)])

    def _scan(self, start: int, stop: int) -> Figures:
        counts = self.counts[start:stop]
        prices = list(compress(self.prices[start:stop], counts))
        if not prices:
            return NOTHING
        quantities = list(compress(self.quantities[start:stop], counts))
        makers = compress(self.maker_buys[start:stop], counts)
        bought = [0 if maker else quantity for maker, quantity in zip(makers, quantities, strict=True)]
        return Figures(
            len(prices),
            sum(quantities),
            sum(map(mul, prices, quantities)),
            sum(bought),
            sum(map(mul, prices, bought)),
            max(prices),
            min(prices),
        )

    @cached_property
    def groups(self) -> "array[int]":
        """Where each aggregate trade starts: counted neighbours of one time, price and side are one.

        The exchange also knows the taker's order, which no public frame carries.
        """
        starts = array("q")
        last: tuple[int, int, int] | None = None
        for at in compress(range(len(self)), self.counts):
            key = (self.times[at], self.prices[at], self.maker_buys[at])
            if key != last:
                starts.append(at)
            last = key
        return starts


def _places(amount: str) -> int:
    return len(amount.partition(".")[2])


def _scaled(amount: str, places: int) -> int:
    whole, _, fraction = amount.partition(".")
    return int(whole + fraction.ljust(places, "0"))
