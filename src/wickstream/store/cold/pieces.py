"""How much of a part of a table is sorted at a time, so that any part fits into a little memory. Pure."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Run(NamedTuple):
    """What a part holds of one symbol: so many rows, with keys from `first` to `last`."""

    symbol: str
    first: int
    last: int
    rows: int


class Piece(NamedTuple):
    """Rows of these symbols, with keys from `first` to `last`."""

    symbols: tuple[str, ...]
    first: int
    last: int


def pieces(runs: Iterable[Run], *, at_most: int) -> Iterator[Piece]:
    """All of the runs, one piece behind the other in order of symbol and key, each of about `at_most` rows or fewer."""
    waiting: list[Run] = []
    for run in sorted(runs):
        if waiting and sum(one.rows for one in waiting) + run.rows > at_most:
            yield _joined(waiting)
            waiting.clear()
        if run.rows > at_most:
            yield from _cut(run, at_most)
        else:
            waiting.append(run)
    if waiting:
        yield _joined(waiting)


def _joined(runs: list[Run]) -> Piece:
    symbols = tuple(run.symbol for run in runs)
    return Piece(symbols, min(run.first for run in runs), max(run.last for run in runs))


def _cut(run: Run, at_most: int) -> Iterator[Piece]:
    """By keys, which lie about evenly."""
    width = -(-(run.last - run.first + 1) // -(-run.rows // at_most))
    for first in range(run.first, run.last + 1, width):
        yield Piece((run.symbol,), first, min(first + width - 1, run.last))
