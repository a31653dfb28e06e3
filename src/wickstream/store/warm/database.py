"""How to reach PostgreSQL, and which of its errors pass."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
from psycopg.conninfo import make_conninfo

from wickstream.config import Settings
from wickstream.errors import StoreBusy

CONNECT_SECONDS = 3

# Who vanishes without a word is missed within half a minute, by us and by PostgreSQL, which frees its locks then: the
# systems' own patience is two hours, and as long nobody would keep the books or repair.
_IDLE_S, _BETWEEN_S, _TIMES = 10, 5, 3
_SILENCE_MS = 25_000

# No server, or none that may be written to any more: a standby that took its place is found by connecting again.
UNREACHABLE = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.ReadOnlySqlTransaction)
REFUSED = (psycopg.DataError, psycopg.IntegrityError)  # what it was given will not do, however often it is tried
PASSING = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.UndefinedTable)  # a table will come


def conninfo(settings: Settings, *, statement_timeout_ms: int = 0, reads_only: bool = False) -> str:
    """Where and as whom to connect; 0: a statement may take as long as it takes.

    `reads_only`: as the role that can do nothing else, where there is one; at least nothing is written by mistake.
    """
    user, password = settings.postgres_user, settings.postgres_password
    if reads_only and settings.postgres_read_password:
        user, password = settings.postgres_read_user, settings.postgres_read_password
    session = _of_session(statement_timeout_ms) | ({"default_transaction_read_only": "on"} if reads_only else {})
    return make_conninfo(
        host=settings.postgres_host or "127.0.0.1",
        port=settings.postgres_port if settings.postgres_host else settings.port("postgres"),
        user=user,
        password=password.get_secret_value() if password else None,
        dbname=settings.postgres_db,
        application_name="wickstream",
        connect_timeout=CONNECT_SECONDS,
        keepalives_idle=_IDLE_S,
        keepalives_interval=_BETWEEN_S,
        keepalives_count=_TIMES,
        tcp_user_timeout=_SILENCE_MS,
        options=" ".join(f"-c {name}={value}" for name, value in session.items()),
    )


def _of_session(statement_timeout_ms: int) -> dict[str, str | int]:
    return {
        "jit": "off",  # our statements are short and many; compiling them costs more than it saves
        "statement_timeout": statement_timeout_ms,
        "tcp_keepalives_idle": _IDLE_S,
        "tcp_keepalives_interval": _BETWEEN_S,
        "tcp_keepalives_count": _TIMES,
    }


def connect(settings: Settings, *, reads_only: bool = False) -> psycopg.Connection:
    """A connection of one's own.

    Raises:
        StoreBusy: If PostgreSQL does not answer or refuses us for now.
    """
    try:
        return psycopg.connect(conninfo(settings, reads_only=reads_only))
    except psycopg.OperationalError as exc:
        raise StoreBusy(f"PostgreSQL: {first_line(exc)}") from exc


def busy(exc: psycopg.Error) -> StoreBusy:
    """What a lost connection or a timed out statement is to the rest of the house."""
    return StoreBusy(f"PostgreSQL: {first_line(exc)}")


def is_conflict(exc: Exception) -> bool:
    """Two transactions got in each other's way; the one that was sent back may try again at once."""
    return isinstance(exc, psycopg.errors.SerializationFailure | psycopg.errors.DeadlockDetected)


@contextmanager
def answering_within(conn: psycopg.Connection, seconds: float) -> Iterator[None]:
    """Cut the connection if the block takes longer, which ends it by an OperationalError.

    A server that was stopped in its tracks still has its kernel to say that the line is alive.
    """
    timer = threading.Timer(seconds, _cut, (conn.fileno(),))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()  # the number of the socket is not for others to use before


def _cut(number: int) -> None:
    with suppress(OSError), socket.socket(fileno=os.dup(number)) as line:
        line.shutdown(socket.SHUT_RDWR)


def first_line(exc: psycopg.Error) -> str:
    return str(exc).partition("\n")[0] or type(exc).__name__
