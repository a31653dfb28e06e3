"""What every step of a lifecycle is, and the stores it works with."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import psycopg

from wickstream.config import Settings
from wickstream.operate.lifecycle.report import Done
from wickstream.store.warm.database import PASSING, busy, connect

Progress = Callable[[int, int], None]  # so many of so many, within one subject


class Step(Protocol):
    """A step looks for its subjects and does them one by one, each to its end or not at all.

    Both may raise StoreBusy; what was done stays done, and the next run finds what is left.
    """

    @property
    def name(self) -> str:
        """As it is reported."""

    def subjects(self) -> list[str]:
        """Days, months or tables, in order; of some it may turn out that there is nothing to do."""

    def do(self, subject: str, *, dry_run: bool, progress: Progress) -> Done | None:
        """Do it, or only tell what would be done; None: nothing."""


@dataclass
class Warm:
    """PostgreSQL, connected to when it is needed, and anew after it was lost."""

    settings: Settings
    _conn: psycopg.Connection | None = None

    @contextmanager
    def used(self) -> Iterator[psycopg.Connection]:
        """A connection that commits each statement by itself.

        Raises:
            StoreBusy: If PostgreSQL does not answer, or does not any more.
        """
        try:
            if self._conn is None or self._conn.closed:
                self._conn = connect(self.settings)
                self._conn.autocommit = True
            yield self._conn
        except PASSING as exc:
            raise busy(exc) from exc

    def close(self) -> None:
        """Let go of it."""
        if self._conn is not None:
            self._conn.close()
