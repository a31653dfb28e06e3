"""PostgreSQL, each test with a database of its own."""

import uuid
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from wickstream.config import Settings
from wickstream.store.database import conninfo
from wickstream.store.migrations import migrate


@pytest.fixture
def empty_database(postgres: Settings) -> Iterator[Settings]:
    """Settings of a database without any table."""
    name = f"store_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(conninfo(postgres), autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield postgres.model_copy(update={"postgres_db": name})
        conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def database(empty_database: Settings) -> Settings:
    """Settings of an empty database with our tables."""
    migrate(empty_database)
    return empty_database
