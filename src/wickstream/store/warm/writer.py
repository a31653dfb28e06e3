"""The warm tier: PostgreSQL."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import psycopg
import stamina

from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.errors import StoreBusy, Unpublishable
from wickstream.events import Alert, Gap, Mark, SymbolEvent
from wickstream.store.versions import Written
from wickstream.store.warm.alerts import upsert_alerts
from wickstream.store.warm.candles import upsert_candles
from wickstream.store.warm.database import (
    REFUSED,
    UNREACHABLE,
    answering_within,
    busy,
    connect,
    first_line,
    is_conflict,
)
from wickstream.store.warm.gaps import upsert_gaps
from wickstream.store.warm.marks import note_revised, upsert_marks
from wickstream.store.warm.offsets import move_offsets, read_offsets
from wickstream.store.warm.partitions import Months
from wickstream.store.warm.symbol_events import is_history_begun, upsert_symbol_events

ANSWER_SECONDS = 60.0  # a batch takes milliseconds; who waits longer waits for a lock or for a server that is stopped

Answer = TypeVar("Answer")


class WarmWriter:
    """One connection that comes back after it was lost. Not for two threads at once."""

    def __init__(self, settings: Settings, *, answer_s: float = ANSWER_SECONDS) -> None:
        self._settings = settings
        self._answer_s = answer_s
        self._conn: psycopg.Connection | None = None
        self._months = Months()

    def write(
        self,
        candles: Sequence[Candle],
        marks: Sequence[Mark] = (),
        gaps: Sequence[Gap] = (),
        alerts: Sequence[Alert] = (),
        *,
        events: Sequence[SymbolEvent] = (),
        offsets: Mapping[str, int] | None = None,
    ) -> Written:
        """Store all of it in one transaction, and with it where to go on.

        Raises:
            StoreBusy: If PostgreSQL cannot take it now; nothing of it is stored.
            Unpublishable: If it will never take one of them; nothing of it is stored.
        """
        try:
            return self._write(candles, marks, gaps, alerts, events, offsets or {})
        except UNREACHABLE as exc:
            self.close()
            raise busy(exc) from exc
        except REFUSED as exc:
            raise self._refused(exc) from exc

    def is_symbol_history_begun(self) -> bool:
        """Tell whether events of symbols were stored since there is a table of them.

        Raises:
            StoreBusy: If PostgreSQL does not answer.
        """
        return self._read(is_history_begun)

    def offsets(self) -> dict[str, int] | None:
        """Where to go on, by name; None: rows are there, of a version that did not keep it.

        Raises:
            StoreBusy: If PostgreSQL does not answer.
        """
        return self._read(read_offsets)

    def _read(self, read: Callable[[psycopg.Connection], Answer]) -> Answer:
        try:
            return read(self._connection())
        except UNREACHABLE as exc:
            self.close()
            raise busy(exc) from exc

    def _refused(self, exc: psycopg.Error) -> StoreBusy | Unpublishable:
        self._months.forget()
        is_partition_gone = isinstance(exc, psycopg.errors.CheckViolation) and not exc.diag.constraint_name
        return busy(exc) if is_partition_gone else Unpublishable(first_line(exc))

    @stamina.retry(on=is_conflict, attempts=8, timeout=10.0, wait_initial=0.01, wait_max=0.5)
    def _write(
        self,
        candles: Sequence[Candle],
        marks: Sequence[Mark],
        gaps: Sequence[Gap],
        alerts: Sequence[Alert],
        events: Sequence[SymbolEvent],
        offsets: Mapping[str, int],
    ) -> Written:
        conn = self._connection()
        with answering_within(conn, self._answer_s):
            self._months.make(conn, [candle.open_time for candle in candles] + [mark.open_time for mark in marks])
            with conn.transaction():
                upsert_symbol_events(conn, events)
                upsert_marks(conn, marks)
                note_revised(conn, candles)
                upsert_gaps(conn, gaps)
                upsert_alerts(conn, alerts)
                move_offsets(conn, offsets)
                return upsert_candles(conn, candles)

    def _connection(self) -> psycopg.Connection:
        if self._conn is None:
            self._conn = connect(self._settings)
            self._conn.autocommit = True
            self._conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ  # `revisions` says why
        return self._conn

    def close(self) -> None:
        """Let go of the connection; the next write makes another."""
        if self._conn is not None:
            self._conn.close()
            self._conn = None
        self._months.forget()
