"""Keys of the API as PostgreSQL keeps them: their hashes, and what they allow."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from wickstream.store.warm.database import UNREACHABLE, busy
from wickstream.store.warm.reads import WarmReader

PREFIX = "wks_"  # what looks like one can be found in logs and repositories

_COLUMNS = "key_id, name, scopes, per_minute, created_at, expires_at, revoked_at"
_FIND = f"SELECT {_COLUMNS} FROM api_keys WHERE key_hash = %s"  # noqa: S608
_LIST = f"SELECT {_COLUMNS} FROM api_keys ORDER BY created_at, key_id"  # noqa: S608
_CREATE = """
INSERT INTO api_keys (key_id, name, key_hash, scopes, per_minute, created_at, expires_at)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
_REVOKE = "UPDATE api_keys SET revoked_at = %s WHERE key_id = %s AND revoked_at IS NULL"


@dataclass(frozen=True)
class ApiKey:
    """All that is known of a key; times in ms.

    Attributes:
        per_minute: its own limit, of requests as of weight; None: the usual ones.
    """

    key_id: str
    name: str
    scopes: tuple[str, ...]
    per_minute: int | None
    created_at: int
    expires_at: int | None = None
    revoked_at: int | None = None

    def is_good(self, now_ms: int) -> bool:
        """Neither revoked nor over."""
        return self.revoked_at is None and (self.expires_at is None or now_ms < self.expires_at)


def digest_of(key: str) -> bytes:
    """What is kept of a key."""
    return hashlib.sha256(key.encode()).digest()


async def find_key(warm: WarmReader, digest: bytes) -> ApiKey | None:
    """The key of that digest, be it good or not.

    Raises:
        StoreBusy: If PostgreSQL does not answer.
    """
    rows = await warm.fetch(_FIND, (digest,))
    return _key(rows[0]) if rows else None


def create_key(
    conn: psycopg.Connection,
    *,
    name: str,
    scopes: Sequence[str],
    per_minute: int | None,
    now_ms: int,
    expires_at: int | None,
) -> tuple[ApiKey, str]:
    """A new key, and the key itself, which nobody can tell again.

    Raises:
        StoreBusy: If PostgreSQL does not take it.
    """
    made = ApiKey(secrets.token_hex(4), name, tuple(scopes), per_minute, now_ms, expires_at)
    key = f"{PREFIX}{made.key_id}_{secrets.token_urlsafe(32)}"
    values = (made.key_id, name, digest_of(key), list(scopes), per_minute, now_ms, expires_at)
    _execute(conn, _CREATE, values)
    return made, key


def list_keys(conn: psycopg.Connection) -> list[ApiKey]:
    """All there ever were, the oldest first.

    Raises:
        StoreBusy: If PostgreSQL does not answer.
    """
    return [_key(row) for row in _execute(conn, _LIST, ()).fetchall()]


def revoke_key(conn: psycopg.Connection, key_id: str, *, now_ms: int) -> bool:
    """Tell whether there was such a key that was not revoked.

    Raises:
        StoreBusy: If PostgreSQL does not take it.
    """
    return _execute(conn, _REVOKE, (now_ms, key_id)).rowcount == 1


def _execute(conn: psycopg.Connection, statement: str, values: tuple[Any, ...]) -> "psycopg.Cursor[Any]":
    try:
        with conn.transaction():
            return conn.execute(statement, values)
    except UNREACHABLE as exc:
        raise busy(exc) from exc


def _key(row: tuple[Any, ...]) -> ApiKey:
    key_id, name, scopes, *others = row
    return ApiKey(key_id, name, tuple(scopes), *others)
