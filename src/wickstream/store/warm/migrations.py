"""Migrations of the warm tier: plain SQL files, applied once each, in order."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

import psycopg
import structlog
from psycopg import sql

from wickstream.config import Settings
from wickstream.errors import Mistake
from wickstream.store.warm.database import connect
from wickstream.store.warm.reader_role import prepare_reader

log = structlog.get_logger(__name__)

_LOCK = 7_714_250_001  # any number, but the same in every process that migrates

_LEDGER = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    name       text PRIMARY KEY,
    checksum   text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


@dataclass(frozen=True)
class Migration:
    """One file of `sql`."""

    name: str
    text: str

    @property
    def checksum(self) -> str:
        """Of the text as it was applied."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def all_migrations() -> list[Migration]:
    """Every migration there is, in order."""
    files = (
        file for file in (resources.files("wickstream.store.warm") / "sql").iterdir() if file.name.endswith(".sql")
    )
    return sorted((Migration(file.name, file.read_text("utf-8")) for file in files), key=lambda m: m.name)


def migrate(settings: Settings, migrations: Sequence[Migration] | None = None) -> None:
    """Bring the database up to this version's schema; does nothing where it is. Safe in several processes at once.

    `migrations`: all there are, unless it is to be an older version's.

    Raises:
        Mistake: If an applied migration is not the one this version has, or the role that reads cannot be made.
        StoreBusy: If PostgreSQL does not answer, or that role cannot log in.
    """
    with connect(settings) as conn:
        conn.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))  # ends with the session
        conn.execute(_LEDGER)
        rows = conn.execute("SELECT name, checksum FROM schema_migrations").fetchall()
        applied: dict[str, str] = dict(rows)
        conn.commit()
        for migration in all_migrations() if migrations is None else migrations:
            _apply(conn, migration, applied.get(migration.name))
        prepare_reader(conn, settings)


def _apply(conn: psycopg.Connection, migration: Migration, applied: str | None) -> None:
    if applied == migration.checksum:
        return
    if applied is not None:
        raise Mistake(f"migration {migration.name} was applied with another text; this database is of another version")
    with conn.transaction():
        conn.execute(sql.SQL(migration.text))
        conn.execute(
            "INSERT INTO schema_migrations (name, checksum) VALUES (%s, %s)", (migration.name, migration.checksum)
        )
    log.info("migration applied", name=migration.name)
