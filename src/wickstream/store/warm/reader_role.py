"""The role of those who only read: it can select from our tables, a few seconds at a time, and do nothing else.

It is made where `POSTGRES_USER` may make roles. Elsewhere an administrator makes it, and it is granted what is ours.
"""

import psycopg
import structlog
from psycopg import sql

from wickstream.config import Settings
from wickstream.errors import Mistake, StoreBusy
from wickstream.store.warm.database import conninfo, first_line

log = structlog.get_logger(__name__)

ANSWER_MS = 5_000  # of whoever does not say otherwise for a session: a question that takes longer is asked wrongly

_UNREADABLE = """
SELECT relname FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
  AND pg_get_userbyid(relowner) = current_user AND NOT has_table_privilege(%s, oid, 'SELECT')
ORDER BY relname
"""
_SCHEMA = "SELECT current_schema(), has_schema_privilege(%s, current_schema(), 'USAGE')"


def prepare_reader(conn: psycopg.Connection, settings: Settings) -> None:
    """Make the role of `POSTGRES_READ_USER` if its password is set and it is not there; let it read all our tables.

    Raises:
        Mistake: If the role is not there and may not be made.
        StoreBusy: If it cannot log in: it has another password, or there are too many connections for now.
    """
    if settings.postgres_read_password is None:
        return
    role = settings.postgres_read_user
    if role == settings.postgres_user:
        raise Mistake("POSTGRES_READ_USER: name another role than POSTGRES_USER, or unset POSTGRES_READ_PASSWORD")
    with conn.transaction():
        if not _is_there(conn, role):
            _make(conn, role, settings.postgres_read_password.get_secret_value())
    with conn.transaction():
        _grant(conn, role)
    _require_login(settings)


def _is_there(conn: psycopg.Connection, role: str) -> bool:
    return conn.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone() is not None


def _make(conn: psycopg.Connection, role: str, password: str) -> None:
    name = sql.Identifier(role)
    # As a verifier, because statements may be logged.
    verifier = conn.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    try:
        conn.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(name, sql.Literal(verifier)))
        conn.execute(sql.SQL("ALTER ROLE {} SET statement_timeout = {}").format(name, sql.Literal(ANSWER_MS)))
        conn.execute(sql.SQL("ALTER ROLE {} SET default_transaction_read_only = on").format(name))
    except psycopg.errors.InsufficientPrivilege as exc:
        raise Mistake(
            f"PostgreSQL: {first_line(exc)}: let an administrator CREATE ROLE {role} LOGIN PASSWORD '…', the one of "
            "POSTGRES_READ_PASSWORD, or unset that: everybody reads as POSTGRES_USER then"
        ) from exc
    log.info("role made", role=role)


def _grant(conn: psycopg.Connection, role: str) -> None:
    """Only what is missing: whoever starts comes here, and a grant that changes nothing is written all the same."""
    tables = [row[0] for row in conn.execute(_UNREADABLE, (role,)).fetchall()]
    if not tables:
        return
    ((schema, is_open),) = conn.execute(_SCHEMA, (role,)).fetchall()
    names = {"role": sql.Identifier(role), "schema": sql.Identifier(schema)}
    if not is_open:
        conn.execute(sql.SQL("GRANT USAGE ON SCHEMA {schema} TO {role}").format(**names))
    listed = sql.SQL(", ").join(map(sql.Identifier, tables))
    conn.execute(sql.SQL("GRANT SELECT ON {tables} TO {role}").format(tables=listed, **names))
    # And of tables to come.
    conn.execute(
        sql.SQL("ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT ON TABLES TO {role}").format(**names)
    )


def _require_login(settings: Settings) -> None:
    try:
        psycopg.connect(conninfo(settings, reads_only=True)).close()
    except psycopg.OperationalError as exc:
        raise StoreBusy(f"PostgreSQL: {first_line(exc)}: see POSTGRES_READ_PASSWORD") from exc
