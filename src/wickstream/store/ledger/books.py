"""The ledger at work: looks at open items every few seconds, settles what agrees, and tells what does not."""

from typing import NamedTuple

import psycopg
import structlog

from wickstream import metrics
from wickstream.config import Settings
from wickstream.stopping import Stop
from wickstream.store.ledger.bookkeeping import SETTLED_AFTER_MS, holes, is_settled, newly_found
from wickstream.store.ledger.open_items import (
    Key,
    OpenHole,
    find,
    holes_after,
    items_after,
    minutes_found,
    note_holes,
    now_ms,
    settle,
    update_hole,
)
from wickstream.store.ledger.right import Right
from wickstream.store.retries import Patience

log = structlog.get_logger(__name__)

EVERY_S = 10.0
ITEMS_AT_ONCE = 10_000  # more are gone through look by look
HOLES_AT_ONCE = 200

_LOCK = 7_714_250_003
_BEGIN: Key = ("", -1)


class Found(NamedTuple):
    """What a look found that was not told before, in minutes, and all that is unproven."""

    unclosed: int
    unmarked: int
    in_all: int
    first: Key | None


class Books:
    """One connection, and with it the right to keep the books. Not for two threads at once."""

    def __init__(self, settings: Settings) -> None:
        self._right = Right(settings, lock=_LOCK)
        self._items_after = self._holes_after = _BEGIN

    def look(self) -> Found | None:
        """Go on through the open items, as far as one look goes; None: another process keeps the books.

        Raises:
            StoreBusy: If PostgreSQL does not answer; looking again does no harm.
        """
        self._right.claim()
        with self._right.used() as conn:
            return None if conn is None else self._look(conn)

    def close(self) -> None:
        """Let go of the connection, and of the right."""
        self._right.close()

    def _look(self, conn: psycopg.Connection) -> Found:
        at_ms = now_ms(conn)
        unclosed = self._look_at_items(conn, at_ms=at_ms)
        unmarked = self._look_at_holes(conn, at_ms=at_ms)
        firsts = [*unclosed, *(state.hole[:2] for state in unmarked)]
        left = sum(state.left for state in unmarked)
        return Found(len(unclosed), left, minutes_found(conn), min(firsts, default=None))

    def _look_at_items(self, conn: psycopg.Connection, *, at_ms: int) -> list[Key]:
        """Those found for the first time."""
        items = items_after(conn, self._items_after, limit=ITEMS_AT_ONCE)
        self._items_after = items[-1][:2] if len(items) == ITEMS_AT_ONCE else _BEGIN
        found = list(newly_found(items, now_ms=at_ms))
        with conn.transaction():
            note_holes(conn, holes(items), at_ms=at_ms)  # before the marks that tell of them are settled
            settle(conn, [item for item in items if is_settled(item)])
            find(conn, found, at_ms=at_ms)
        return [item[:2] for item in found]

    def _look_at_holes(self, conn: psycopg.Connection, *, at_ms: int) -> list[OpenHole]:
        """Those found for the first time."""
        states = holes_after(conn, self._holes_after, noted_by_ms=at_ms - SETTLED_AFTER_MS, limit=HOLES_AT_ONCE)
        self._holes_after = states[-1].hole[:2] if len(states) == HOLES_AT_ONCE else _BEGIN
        for state in states:
            update_hole(conn, state, at_ms=at_ms)
        return [state for state in states if state.left and not state.is_found]


def keep_books(settings: Settings, *, stop: Stop) -> None:
    """Look every few seconds until told to stop; servers may be away meanwhile."""
    books, patience = Books(settings), Patience(stop, tier="ledger")
    try:
        while not stop.wait(EVERY_S):
            _tell(patience.repeat(books.look, None))
    finally:
        books.close()


def _tell(found: Found | None) -> None:
    metrics.UNPROVEN.set(0 if found is None else found.in_all)
    if found is not None and found.first is not None:
        symbol, open_time = found.first
        facts = {"unclosed": found.unclosed, "unmarked": found.unmarked, "in_all": found.in_all}
        log.warning("minutes are not proven", symbol=symbol, open_time=open_time, **facts)
