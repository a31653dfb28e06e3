"""One symbol's trades as columns of integers: what a loop of its market holds."""

from abc import ABC, abstractmethod
from array import array
from collections.abc import Sequence
from functools import cached_property
from itertools import compress
from typing import NamedTuple

from wickstream.exchange.local.market.figures import Columns, FigureIndex
from wickstream.exchange.local.market.restamp import restamp


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


class Repeat(NamedTuple):
    """How a tape repeats by itself, whatever the others do."""

    period_ms: int
    past: int  # loops before the market opened


class Tape(ABC):
    """A symbol's trades in order of id; prices and quantities as integers of a fixed number of places.

    Attributes:
        repeat: None: together with the whole recording.
    """

    repeat: Repeat | None = None

    def __init__(self, symbol: str, columns: Columns, *, price_places: int, quantity_places: int) -> None:
        self.symbol = symbol
        self.ids, self.times, self.prices, self.quantities, self.maker_buys, self.counts = columns
        self.price_places = price_places
        self.quantity_places = quantity_places
        index = FigureIndex(columns)
        self.figures = index.figures
        self.whole = index.figures(0, len(self.ids))

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def id_span(self) -> int:
        """How many ids the recording covers, holes included."""
        return self.ids[-1] - self.ids[0] + 1

    @abstractmethod
    def frames(self, start: int, stop: int, *, by_ms: int, by_ids: int) -> list[bytes]:
        """The `data` of the frames at positions `start` to `stop`, exclusive, their times and ids moved."""

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


class CapturedTape(Tape):
    """Trades of capture files: a frame that is not moved is told byte for byte as captured."""

    def __init__(self, symbol: str, trades: Sequence[RecordedTrade], *, places: int = 0) -> None:
        """`places`: decimal places the market writes at least."""
        price_places = max(places, *(_places(trade.price) for trade in trades))
        quantity_places = max(places, *(_places(trade.quantity) for trade in trades))
        columns = Columns(
            ids=array("q", (trade.trade_id for trade in trades)),
            times=array("q", (trade.traded_at_ms for trade in trades)),
            prices=array("q", (_scaled(trade.price, price_places) for trade in trades)),
            quantities=array("q", (_scaled(trade.quantity, quantity_places) for trade in trades)),
            maker_buys=bytes(trade.buyer_is_maker for trade in trades),
            counts=bytes(trade.counts for trade in trades),
        )
        super().__init__(symbol, columns, price_places=price_places, quantity_places=quantity_places)
        self._data = [trade.data for trade in trades]

    def frames(self, start: int, stop: int, *, by_ms: int, by_ids: int) -> list[bytes]:
        data = self._data[start:stop]
        if not (by_ms or by_ids):
            return data
        return [restamp(frame, by_ms=by_ms, by_ids=by_ids) for frame in data]


def _places(amount: str) -> int:
    return len(amount.partition(".")[2])


def _scaled(amount: str, places: int) -> int:
    whole, _, fraction = amount.partition(".")
    return int(whole + fraction.ljust(places, "0"))
