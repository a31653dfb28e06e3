"""Who only reads, can only read: whatever they say, and wherever the database is."""

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr

from tests.candles import minute
from wickstream.config import Settings
from wickstream.errors import Mistake, StoreBusy
from wickstream.store.warm.database import connect, conninfo
from wickstream.store.warm.migrations import migrate
from wickstream.store.warm.reads import WarmReader
from wickstream.store.warm.writer import WarmWriter

pytestmark = pytest.mark.stack

WRITES = (
    "DELETE FROM candles",
    "UPDATE candles SET closed = true",
    "INSERT INTO starts VALUES ('A', 1, 1)",
    "TRUNCATE marks",
    "CREATE TABLE mine (a int)",
    "DROP TABLE candles",
    "ALTER ROLE wickstream_read SUPERUSER",
    "SELECT pg_read_file('PG_VERSION')",
)


@pytest.fixture
def link(database: Settings) -> Iterator["psycopg.Connection"]:
    """As the role that reads, with nothing set for the session."""
    with closing(WarmWriter(database)) as writer:
        writer.write([minute()])  # into a partition that is made after the role
    info = conninfo(database, reads_only=True)
    with closing(psycopg.connect(psycopg.conninfo.make_conninfo(info, options=""), autocommit=True)) as link:
        yield link


def test_it_reads_every_table_and_the_partitions_that_are_made_later(link: psycopg.Connection) -> None:
    tables = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
    names = [name for (name,) in link.execute(tables).fetchall()]
    assert {"candles", "candle_revisions", "candles_2024_08", "marks", "symbol_events", "alerts"} <= set(names)

    for name in names:
        link.execute(sql.SQL("SELECT * FROM {} LIMIT 1").format(sql.Identifier(name)))


@pytest.mark.parametrize("statement", WRITES)
def test_it_can_do_nothing_else_even_if_it_asks_to_write(link: psycopg.Connection, statement: str) -> None:
    link.execute("SET default_transaction_read_only = off")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        link.execute(statement)


def test_a_question_of_it_ends_after_seconds_and_writes_nothing_by_mistake(link: psycopg.Connection) -> None:
    assert link.execute("SHOW statement_timeout").fetchone() == ("5s",)
    assert link.execute("SHOW default_transaction_read_only").fetchone() == ("on",)


def users(database: Settings) -> set[str]:
    """Who is connected beside us."""
    with closing(connect(database)) as conn:
        others = "SELECT usename FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        return {name for (name,) in conn.execute(others).fetchall()}


async def users_while_reading(database: Settings) -> set[str]:
    reader = WarmReader(database)
    await reader.open()
    try:
        await reader.symbols()
        return await asyncio.to_thread(users, database)
    finally:
        await reader.close()


def test_the_api_reads_as_that_role(database: Settings) -> None:
    assert asyncio.run(users_while_reading(database)) == {database.postgres_read_user}


def test_without_its_password_the_api_reads_as_the_owner_in_sessions_that_only_read(database: Settings) -> None:
    alone = database.model_copy(update={"postgres_read_password": None})

    assert asyncio.run(users_while_reading(alone)) == {database.postgres_user}
    with closing(connect(alone, reads_only=True)) as conn, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        conn.execute("DELETE FROM candles")


@dataclass(frozen=True)
class Elsewhere:
    """A database of an owner who may make no roles, and its administrator."""

    settings: Settings
    administrator: psycopg.Connection

    def make_reader(self, password: str) -> None:
        name = sql.Identifier(self.settings.postgres_read_user)
        self.administrator.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(name, sql.Literal(password)))


@pytest.fixture
def elsewhere(empty_database: Settings) -> Iterator[Elsewhere]:
    suffix = uuid.uuid4().hex[:8]
    owner, reader = f"owner_{suffix}", f"reader_{suffix}"
    beside = empty_database.model_copy(update={"postgres_db": "postgres"})
    with closing(psycopg.connect(conninfo(beside), autocommit=True)) as administrator:
        name, database = sql.Identifier(owner), sql.Identifier(empty_database.postgres_db)
        administrator.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'owns'").format(name))
        administrator.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(database, name))
        own = {"postgres_user": owner, "postgres_password": SecretStr("owns")}
        own |= {"postgres_read_user": reader, "postgres_read_password": SecretStr("reads")}
        yield Elsewhere(empty_database.model_copy(update=own), administrator)


def test_who_may_make_no_roles_is_told_what_an_administrator_has_to_say(elsewhere: Elsewhere) -> None:
    with pytest.raises(Mistake, match=r"CREATE ROLE reader_.*POSTGRES_READ_PASSWORD"):
        migrate(elsewhere.settings)

    elsewhere.make_reader("reads")
    migrate(elsewhere.settings)
    assert asyncio.run(users_while_reading(elsewhere.settings)) == {elsewhere.settings.postgres_read_user}


def test_another_password_of_the_role_is_told_and_waited_for(elsewhere: Elsewhere) -> None:
    elsewhere.make_reader("another")

    with pytest.raises(StoreBusy, match="POSTGRES_READ_PASSWORD"):
        migrate(elsewhere.settings)


def test_the_owner_is_no_reader(database: Settings) -> None:
    with pytest.raises(Mistake, match="POSTGRES_READ_USER"):
        migrate(database.model_copy(update={"postgres_read_user": database.postgres_user}))
