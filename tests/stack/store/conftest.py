"""The three stores, each test with a database and a lake of its own and symbols that no other test has."""

import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from wickstream.config import Settings
from wickstream.store.database import conninfo
from wickstream.store.hot import open_client
from wickstream.store.warm import migrate


@pytest.fixture
def database(postgres: Settings) -> Iterator[Settings]:
    """Settings of an empty database with our tables."""
    name = f"store_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(conninfo(postgres), autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        settings = postgres.model_copy(update={"postgres_db": name})
        migrate(settings)
        yield settings
        conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def stores(database: Settings, redis: Settings, tmp_path: Path) -> Settings:
    """Settings of all three tiers; the symbol is fresh, because Redis is shared, and the clock starts anew."""
    with closing(open_client(redis)) as client:
        client.delete("wickstream:live:clock")
    return database.model_copy(
        update={
            "redis_host": redis.redis_host,
            "redis_port": redis.redis_port,
            "redis_password": redis.redis_password,
            "cold_url": f"file:{tmp_path / 'lake'}",
            "cold_commit_seconds": 0.2,
            "ticker_symbols": (f"T{uuid.uuid4().hex[:8].upper()}USDT",),
        }
    )


@pytest.fixture
def symbol(stores: Settings) -> str:
    """The test's own."""
    return stores.ticker_symbols[0]
