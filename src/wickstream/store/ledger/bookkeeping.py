"""Double entry: what marks promise against what candles hold, and mark against mark. Pure; rule 8 of docs/design.md."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from wickstream.events import MINUTE_MS

SETTLED_AFTER_MS = 30_000  # after its mark came: by then its closed candle is late


class Kind(StrEnum):
    """What is wrong with minutes."""

    UNCLOSED = "unclosed"  # there is a mark, and no closed candle that agrees with it
    UNMARKED = "unmarked"  # between two marks of a symbol, and there is none


class Marked(NamedTuple):
    """What a mark says of its minute."""

    trade_count: int
    first_trade_id: int
    last_trade_id: int


class Held(NamedTuple):
    """What a store says of a minute; ids are null where the candle was not computed from trades."""

    closed: bool
    revision: int
    trade_count: int
    first_trade_id: int | None
    last_trade_id: int | None


class Item(NamedTuple):
    """One open item, and what both books say of it now.

    Attributes:
        noted_at: when the mark came (ms, the database's clock).
        is_found: it was told before.
        marked: None: the mark is not kept any more.
        before: open time of the symbol's mark before that one.
    """

    symbol: str
    open_time: int
    noted_at: int
    is_found: bool
    marked: Marked | None
    held: Held | None
    before: int | None


class Hole(NamedTuple):
    """Minutes without a mark between two that have one, both ends included."""

    symbol: str
    first_open: int
    last_open: int

    @property
    def minutes(self) -> int:
        """How many."""
        return (self.last_open - self.first_open) // MINUTE_MS + 1


def agrees(marked: Marked, held: Held | None) -> bool:
    """Tell whether a stored candle settles the minute; one that was repaired may hold more than the mark knew of."""
    if held is None or not held.closed:
        return False
    if held.revision and held.trade_count > marked.trade_count:
        return True
    return (held.trade_count, held.first_trade_id, held.last_trade_id) == marked


def is_settled(item: Item) -> bool:
    """Tell whether nothing is left to prove."""
    return item.marked is None or agrees(item.marked, item.held)


def newly_found(items: Iterable[Item], *, now_ms: int) -> Iterator[Item]:
    """Those that had their time, and were not told before."""
    for item in items:
        if not (item.is_found or is_settled(item)) and now_ms - item.noted_at >= SETTLED_AFTER_MS:
            yield item


def holes(items: Iterable[Item]) -> Iterator[Hole]:
    """What lies between each mark and the one before it."""
    for item in items:
        if item.marked and item.before is not None and item.open_time - item.before > MINUTE_MS:
            yield Hole(item.symbol, item.before + MINUTE_MS, item.open_time - MINUTE_MS)
