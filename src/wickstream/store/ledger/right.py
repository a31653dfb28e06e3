"""A connection of one's own, and with it a right that one process has at a time."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from wickstream.config import Settings
from wickstream.store.warm.database import PASSING, busy, connect


class Right:
    """Lost with its connection, which PostgreSQL notices, and then to be claimed again. Not for two threads at once."""

    def __init__(self, settings: Settings, *, lock: int) -> None:
        """`lock`: any number, but the same in every process that wants this right."""
        self._settings = settings
        self._lock = lock
        self._conn: psycopg.Connection | None = None
        self._is_ours = False

    def claim(self) -> bool:
        """Have it; False: another process has.

        Raises:
            StoreBusy: If PostgreSQL does not answer.
        """
        with self._lost_if_busy():
            if self._conn is None:
                self._conn = connect(self._settings)
                self._conn.autocommit = True
            if not self._is_ours:  # a lock that is taken twice has to be given back twice
                ((self._is_ours,),) = self._conn.execute("SELECT pg_try_advisory_lock(%s)", (self._lock,)).fetchall()
        return self._is_ours

    @contextmanager
    def used(self) -> Iterator[psycopg.Connection | None]:
        """The connection, while the right is ours; what it fails with is StoreBusy to the caller."""
        with self._lost_if_busy():
            yield self._conn if self._is_ours else None

    def release(self) -> None:
        """Let another process have it; does nothing where it was lost already.

        Raises:
            StoreBusy: If PostgreSQL does not answer; it is lost then.
        """
        with self.used() as conn:
            if conn is not None:
                conn.execute("SELECT pg_advisory_unlock(%s)", (self._lock,))
        self._is_ours = False

    def close(self) -> None:
        """Let go of the connection, and of the right."""
        if self._conn is not None:
            self._conn.close()
        self._conn, self._is_ours = None, False

    @contextmanager
    def _lost_if_busy(self) -> Iterator[None]:
        try:
            yield
        except PASSING as exc:
            self.close()
            raise busy(exc) from exc
