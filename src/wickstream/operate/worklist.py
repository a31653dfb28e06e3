"""Which missing ids to ask for next, and when again. Pure: the clock is an argument."""

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

import msgspec

from wickstream.events import Gap, GapStatus

PAUSES_S = (60, 120, 300, 900, 3_600)  # between questions for ids that stay open
CANDLES_PAUSES_S = (6 * 3_600, 24 * 3_600)  # their candles are here: only the archive's file of the day is waited for
TROUBLE_PAUSES_S = (5, 15, 60, 300)  # where the exchange failed to answer at all
BELIEVED_S = 600  # how long what we published counts before the warm tier shows it

UNSETTLED = (GapStatus.OPEN, GapStatus.CANDLES_ONLY)

Key = tuple[str, int]


def key_of(gap: Gap) -> Key:
    """What an entry of ids is one of."""
    return (gap.symbol, _first(gap))


def unsettled(entries: Iterable[Gap]) -> list[Gap]:
    """Those whose trades are missing, each without the end that later entries tell of; empty ones are left out."""
    ordered = sorted(entries, key=key_of)
    found = []
    for _symbol, group in groupby(ordered, key=lambda gap: gap.symbol):
        of_symbol = list(group)
        found += [_cut(gap, of_symbol[i + 1 :]) for i, gap in enumerate(of_symbol) if gap.status in UNSETTLED]
    return [gap for gap in found if gap.size > 0]


def _cut(gap: Gap, later: Sequence[Gap]) -> Gap:
    last = _last(gap)
    for other in reversed(later):
        if _first(other) <= last <= _last(other):
            last = _first(other) - 1
    return msgspec.structs.replace(gap, last_trade_id=last)


def _first(gap: Gap) -> int:
    return gap.first_trade_id if gap.first_trade_id is not None else -1


def _last(gap: Gap) -> int:
    return gap.last_trade_id if gap.last_trade_id is not None else -1


class Worklist:
    """The ledger as we know it: what the warm tier holds, and what we published since."""

    def __init__(self, *, asks_again: bool = True, concerns: Callable[[Gap], bool] = lambda _: True) -> None:
        """`asks_again`: False for a single pass; `concerns`: which entries to ask for."""
        self._asks_again = asks_again
        self._concerns = concerns
        self._stored: dict[Key, Gap] = {}
        self._ours: dict[Key, tuple[Gap, float]] = {}
        self._asked: dict[Key, tuple[int, float]] = {}  # how often, and when again

    def refresh(self, entries: Iterable[Gap], *, now_s: float) -> None:
        """The warm tier holds these now."""
        self._stored = {key_of(gap): gap for gap in entries}
        self._ours = {
            key: (gap, at_s)
            for key, (gap, at_s) in self._ours.items()
            if self._stored.get(key) != gap and now_s - at_s < BELIEVED_S
        }
        keys = {key_of(gap) for gap in self._unsettled()}
        self._asked = {key: asked for key, asked in self._asked.items() if key in keys}

    def published(self, gaps: Iterable[Gap], *, now_s: float) -> None:
        """We said this of ids; the warm tier will show it in a moment."""
        self._ours |= {key_of(gap): (gap, now_s) for gap in gaps if gap.first_trade_id is not None}

    def _unsettled(self) -> list[Gap]:
        known = (self._stored | {key: gap for key, (gap, _) in self._ours.items()}).values()
        return [gap for gap in unsettled(known) if self._concerns(gap)]

    def open(self) -> list[Gap]:
        """What is missing with its candles, as far as we know."""
        return [gap for gap in self._unsettled() if gap.status is GapStatus.OPEN]

    def next(self, *, now_s: float) -> Gap | None:
        """What to ask for now: the newest first, so that today is whole soon; last what lacks its trades only."""
        due = [gap for gap in self._unsettled() if self._asked.get(key_of(gap), (0, now_s))[1] <= now_s]
        return max(due, key=_rank, default=None)

    def left_of(self, gap: Gap) -> list[Gap]:
        """What of these ids is still open, in entries of its own."""
        return [left for left in self.open() if _overlap(left, gap)]

    def postpone(self, gap: Gap, *, now_s: float, is_trouble: bool) -> None:
        """What is left of these ids was asked for in vain; next time after a pause, each time a longer one.

        `is_trouble`: the exchange is, or is not to be reached.
        """
        attempts = self._asked.get(key_of(gap), (0, 0.0))[0] + 1
        for left in self._unsettled():
            if _overlap(left, gap):
                self._asked[key_of(left)] = (attempts, now_s + self._pause_s(left, attempts, is_trouble=is_trouble))

    def _pause_s(self, gap: Gap, attempts: int, *, is_trouble: bool) -> float:
        if not self._asks_again:
            return math.inf
        open_pauses_s: Sequence[float] = TROUBLE_PAUSES_S if is_trouble else PAUSES_S
        pauses_s = open_pauses_s if gap.status is GapStatus.OPEN else CANDLES_PAUSES_S
        return pauses_s[min(attempts, len(pauses_s)) - 1]


def _overlap(one: Gap, other: Gap) -> bool:
    return one.symbol == other.symbol and _first(one) <= _last(other) and _first(other) <= _last(one)


def _rank(gap: Gap) -> tuple[bool, int, int, str]:
    return (gap.status is GapStatus.OPEN, gap.detected_at, _first(gap), gap.symbol)
