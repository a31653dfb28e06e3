import asyncio
import json
import re
from pathlib import Path

import psycopg
import pytest

from tests.unit.cli.test_commands import wickstream
from wickstream.config import Settings
from wickstream.store.warm.api_keys import ApiKey, create_key, digest_of, find_key, list_keys, revoke_key
from wickstream.store.warm.database import connect
from wickstream.store.warm.reads import WarmReader

pytestmark = pytest.mark.stack


def create(conn: psycopg.Connection, name: str) -> tuple[ApiKey, str]:
    return create_key(conn, name=name, scopes=("read", "live"), per_minute=500, now_ms=1_000, expires_at=2_000)


def found(settings: Settings, key: str) -> ApiKey | None:
    async def find() -> ApiKey | None:
        warm = WarmReader(settings)
        await warm.open()
        try:
            return await find_key(warm, digest_of(key))
        finally:
            await warm.close()

    return asyncio.run(find())


def test_a_key_is_found_by_itself_and_kept_as_its_hash(database: Settings) -> None:
    with connect(database) as conn:
        made, key = create(conn, "desk")
        (kept,) = conn.execute("SELECT api_keys::text FROM api_keys").fetchall()
    assert key.startswith(f"wks_{made.key_id}_")
    assert re.fullmatch(r"[\w-]+", key, re.ASCII)  # a token, as a handshake takes it for a subprotocol
    assert key.rpartition("_")[2] not in kept[0]
    assert found(database, key) == made == ApiKey(made.key_id, "desk", ("read", "live"), 500, 1_000, 2_000)
    assert found(database, f"{key}x") is None


def test_it_is_good_until_it_is_over_or_revoked(database: Settings) -> None:
    with connect(database) as conn:
        made, key = create(conn, "desk")
        assert (made.is_good(1_999), made.is_good(2_000)) == (True, False)
        assert revoke_key(conn, made.key_id, now_ms=1_500)
        assert not revoke_key(conn, made.key_id, now_ms=1_600)
        assert not revoke_key(conn, "no such", now_ms=1_600)
    revoked = found(database, key)
    assert revoked is not None
    assert (revoked.revoked_at, revoked.is_good(1_999)) == (1_500, False)


def test_all_there_ever_were_are_listed(database: Settings) -> None:
    with connect(database) as conn:
        names = ["one", "two"]
        ids = {create(conn, name)[0].key_id for name in names}
        assert {key.key_id for key in list_keys(conn)} == ids


def test_the_command_shows_a_key_once_lists_it_and_revokes_it(empty_database: Settings, tmp_path: Path) -> None:
    password = empty_database.postgres_password
    server = {
        "POSTGRES_HOST": str(empty_database.postgres_host),
        "POSTGRES_PORT": str(empty_database.postgres_port),
        "POSTGRES_USER": empty_database.postgres_user,
        "POSTGRES_PASSWORD": password.get_secret_value() if password else "",
        "POSTGRES_DB": empty_database.postgres_db,
    }
    made = json.loads(wickstream(tmp_path, "keys", "create", "desk", "--expires", "1d", "--json", **server).stdout)
    assert made["key"].startswith("wks_")
    listed = wickstream(tmp_path, "keys", "list", **server).stdout
    assert made["key_id"] in listed
    assert made["key"] not in listed
    assert wickstream(tmp_path, "keys", "revoke", made["key_id"], **server).returncode == 0
    assert wickstream(tmp_path, "keys", "revoke", made["key_id"], **server).returncode == 1
