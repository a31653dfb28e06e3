"""The proof that an id is not there: pages that should hold it, asked for late enough, and twice."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from wickstream.binance.rest import Aggregate
from wickstream.binance.weights import PAGE
from wickstream.events import Gap
from wickstream.exchange.recovery.draft import ids_of_entry
from wickstream.exchange.recovery.mending import Span, ids_of, missing, span_of
from wickstream.exchange.sequencing.arrival import Arrival
from wickstream.exchange.sequencing.clock import ExchangeClock

AGE_S = 8.0  # since a higher id is known: 2.5 times what a database is assumed to trail
PAUSE_S = 1.0  # between the two questions
TIMES_ASKED = 2

Item = TypeVar("Item", bound=Arrival | Aggregate)


class Absences(Generic[Item]):
    """What the pages asked for one entry lack."""

    def __init__(self, clock: ExchangeClock, *, are_provable: bool) -> None:
        self._clock = clock
        self._are_provable = are_provable
        self.proven: set[Span] = set()

    async def page(self, part: Gap, since_id: int, ask: Callable[[], Awaitable[list[Item]]]) -> list[Item]:
        """The answer, with what turned up while it was asked for again: databases trail, each id for itself.

        `since_id`: the first trade id it would hold. Where the answers do not reach as far, it is shorter.
        """
        loop = asyncio.get_running_loop()
        asked_s = loop.time()
        page = await ask()
        lacking = lacking_in(page, part, since_id)
        if not lacking or not self._are_provable or sum(span.size for span in lacking) > PAGE:
            return page
        late_enough_s = self._known_since_s(page, lacking[-1]) + AGE_S
        times = int(asked_s >= late_enough_s)
        while lacking and times < TIMES_ASKED:
            await asyncio.sleep(max(late_enough_s - loop.time(), PAUSE_S))
            page = merged(page, await ask(), reaching=lacking[-1].last)
            lacking = lacking_in(page, part, since_id)
            times += 1
        self.proven.update(lacking)
        return page

    def _known_since_s(self, page: Sequence[Item], lacking: Span) -> float:
        """Since when (the loop's clock) a higher id than these is known: the exchange published it as it was traded."""
        now_s = asyncio.get_running_loop().time()
        higher = next(item for item in page if span_of(item).first > lacking.last)
        return now_s - max(0, self._clock.now_ms(now_s=now_s) - higher.traded_at_ms) / 1_000


def lacking_in(page: Sequence[Arrival | Aggregate], part: Gap, since_id: int) -> list[Span]:
    """The part's ids that a page should hold: it holds higher ones."""
    ids = ids_of(page)
    if not ids:
        return []
    whole = ids_of_entry(part)
    return list(missing(ids, Span(max(since_id, whole.first), min(whole.last, ids[-1].last))))


def merged(page: Sequence[Item], again: Sequence[Item], *, reaching: int) -> list[Item]:
    """Both answers as one. If the second does not reach behind an id it says nothing of it: there the page ends."""
    items: dict[int, Item] = {span_of(item).first: item for item in (*page, *again)}
    until = ids_of(again)[-1].last if again else -1
    both = sorted(at for at in items if until > reaching or at <= until)
    return list(map(items.__getitem__, both))
