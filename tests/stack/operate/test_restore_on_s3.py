"""Damage in a bucket: found, set aside and brought back as in a folder."""

import random
from contextlib import closing
from typing import Any

import psycopg
import pytest
from deltalake._internal import DeltaFileSystemHandler

from tests.emptied_topics import empty_topics
from tests.harms import FILES
from tests.running import wait_until
from tests.stack.operate.test_restore import contents, made_markets, mended, proof
from tests.stored_trades import store_markets
from wickstream.bus.topics import create_topics
from wickstream.config import Settings
from wickstream.store.cold.files import ASIDE, files_of
from wickstream.store.cold.lake import storage_options
from wickstream.store.cold.tables import lake_tables
from wickstream.store.warm.database import connect, conninfo

pytestmark = pytest.mark.stack

SEED = 22


@pytest.fixture
def stores(database: Settings, redis: Settings, kafka: str, s3: Settings) -> Settings:
    """A lake in a bucket; an exchange that is away."""
    create_topics(kafka)
    empty_topics(kafka)
    own: dict[str, Any] = {name: getattr(redis, name) for name in ("redis_host", "redis_port", "redis_password")}
    own |= {name: getattr(s3, name) for name in ("minio_endpoint", "minio_access_key", "minio_secret_key")}
    own |= {f"exchange_{name}_url": "http://127.0.0.1:9" for name in ("rest", "trades", "archive")}
    own |= {"cold_url": f"s3://{s3.minio_bucket}/{database.postgres_db}", "kafka_bootstrap_servers": kafka}
    return database.model_copy(update=own)


def paths(settings: Settings, table: str) -> list[str]:
    held = lake_tables(settings)[table].open()
    assert held is not None
    return [file.path for file in files_of(held)]


def bucket(settings: Settings, table: str) -> DeltaFileSystemHandler:
    return DeltaFileSystemHandler(f"{settings.lake_url}/{table}", storage_options(settings))


def flip(settings: Settings, table: str, path: str, dice: random.Random) -> None:
    """One bit of the object."""
    files = bucket(settings, table)
    whole = files.open_input_file(path)
    content = bytearray(whole.read(whole.size()))
    content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
    out = files.open_output_stream(path)
    out.write(bytes(content))
    out.close()  # type: ignore[attr-defined]


def all_noted(settings: Settings) -> bool:
    with closing(connect(settings)) as conn:
        found = conn.execute("SELECT count(*) FROM lake_files").fetchone()
    return found == (sum(len(paths(settings, table)) for table in FILES),)


def test_objects_with_a_flipped_bit_and_edited_rows_are_found_and_mended(stores: Settings) -> None:
    markets, dice = made_markets(3), random.Random(SEED)
    store_markets(stores, markets)
    wait_until(lambda: all_noted(stores), what="the lake's files noted")
    before = contents(stores, markets)
    assert proof(stores)[0].passed
    flipped = {table: paths(stores, table)[0] for table in FILES}
    for table, path in flipped.items():
        flip(stores, table, path, dice)
    edited = markets[2].candles[50]
    with psycopg.connect(conninfo(stores), autocommit=True) as conn:
        conn.execute(
            "UPDATE candles SET low = low - 1 WHERE symbol = %s AND open_time = %s", (edited.symbol, edited.open_time)
        )

    found, damage = proof(stores)

    assert {table: [file.path for file in files] for table, files in damage.files.items()} == {
        table: [path] for table, path in flipped.items()
    }
    assert not found.passed
    assert mended(stores, damage) == []
    after, left = proof(stores)
    assert [check for check in after.checks if not check.passed] == []
    assert left.is_none
    assert contents(stores, markets) == before
    for table, path in flipped.items():
        assert path not in paths(stores, table)
        assert bucket(stores, table).open_input_file(f"{ASIDE}/{path}").size() > 0
