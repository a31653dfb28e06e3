"""Which of a symbol's trades happen, and under which ids, once pauses and skipped ids have intervened; pure."""

from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple


class _Piece(NamedTuple):
    """Planned ids that happen, each moved by `shift`; `stop` is exclusive, None: no end yet."""

    start: int
    stop: int | None
    shift: int

    def reaches(self, planned: int) -> bool:
        """Tell whether this id, or one after it, is in the piece."""
        return self.stop is None or max(planned, self.start) < self.stop


class Numbering:
    """Maps the ids that were planned (recorded or generated) to those that are given; changes come in order of id."""

    def __init__(self) -> None:
        self._pieces: list[_Piece] = []
        self._starts: list[int] = []
        self._skipped = 0  # in the pause that is on

    @property
    def is_plain(self) -> bool:
        """Tell whether all is as planned."""
        return not self._pieces

    def begin(self, planned: int) -> None:
        """Nothing before this id ever happened."""
        self._skipped = 0
        self._set([_Piece(planned, None, 0)])

    def pause(self, planned: int) -> None:
        """Nothing from this id on happens."""
        last = self._last()
        if last.stop is None:
            self._set([*self._pieces[:-1], last._replace(stop=max(planned, last.start))])

    def resume(self, planned: int) -> None:
        """From this id on trades happen again, with the ids that are next."""
        last = self._last()
        if last.stop is not None:
            self._set([*self._pieces, _Piece(planned, None, last.shift - (planned - last.stop) + self._skipped)])
            self._skipped = 0

    def skip(self, planned: int, count: int) -> None:
        """So many ids are left out before this one."""
        last = self._last()
        if last.stop is None:
            self._set([*self._pieces[:-1], last._replace(stop=planned), _Piece(planned, None, last.shift + count)])
        else:
            self._skipped += count

    def given(self, planned: int) -> int | None:
        """The id of a planned trade; None if it does not happen."""
        if not self._pieces:
            return planned
        at = bisect_right(self._starts, planned) - 1
        if at < 0:
            return None
        piece = self._pieces[at]
        return planned + piece.shift if piece.stop is None or planned < piece.stop else None

    def planned(self, given: int) -> int:
        """The planned id of the first trade with this given id or a larger one."""
        for piece in self._pieces:
            planned = max(given - piece.shift, piece.start)
            if piece.stop is None or planned < piece.stop:
                return planned
        last = self._last()
        return given if last.stop is None else last.stop

    def given_next(self, planned: int) -> int:
        """The id the next trade has, from a planned one on that does not happen."""
        earlier = [piece for piece in self._pieces if piece.stop is not None and piece.stop <= planned]
        if earlier and earlier[-1].stop is not None:
            return earlier[-1].stop + earlier[-1].shift
        return self._pieces[0].start + self._pieces[0].shift

    def next_start(self, planned: int) -> int:
        """The first id from this one on that happens, or may; itself where nothing is known to come."""
        starts = (max(piece.start, planned) for piece in self._pieces if piece.reaches(planned))
        return next(starts, planned)

    def last_stop(self, planned: int) -> int:
        """The end (exclusive) of what happens before this id; itself where nothing does."""
        earlier = [piece.stop for piece in self._pieces if piece.start < planned and piece.reaches(piece.start)]
        stop = earlier[-1] if earlier else None
        return planned if stop is None else min(stop, planned)

    def happening(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        """The parts of the planned ids `start` to `stop`, exclusive, that happen."""
        if not self._pieces:
            yield start, stop
        for piece in self._pieces:
            first, last = max(start, piece.start), stop if piece.stop is None else min(stop, piece.stop)
            if first < last:
                yield first, last

    def _last(self) -> _Piece:
        return self._pieces[-1] if self._pieces else _Piece(-(2**62), None, 0)

    def _set(self, pieces: list[_Piece]) -> None:
        self._pieces = pieces
        self._starts = [piece.start for piece in pieces]
