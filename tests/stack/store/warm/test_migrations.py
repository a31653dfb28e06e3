"""A database with data of an older version becomes one of this version, and loses nothing."""

from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal

import psycopg
import pytest
from psycopg import sql

from tests.candles import MIDNIGHT_MS, minute
from tests.tier_contents import read_warm
from wickstream.config import Settings
from wickstream.errors import Mistake
from wickstream.events import MINUTE_MS
from wickstream.store.warm.database import connect
from wickstream.store.warm.migrations import all_migrations, migrate
from wickstream.store.warm.writer import WarmWriter

pytestmark = pytest.mark.stack

SYMBOL = "BTCUSDT"
MONTH_MS = 31 * 1_440 * MINUTE_MS

_CANDLE = """
INSERT INTO candles VALUES (
    %s, '1m', %s, %s, 61837.63, 61900, 61800.000000000, 61850.12000000, 12.34567891, 763412.1234567890123456, 10,
    5.00000001, 309188.1500000000000000, 1000, 1009, true, 0, 'trades', 5
)
"""
_MARK = "INSERT INTO marks VALUES (%s, %s, 1, 10, 10, 55, 1.5, 11, NULL, 7, -9)"


@pytest.fixture
def old(empty_database: Settings) -> Iterator["psycopg.Connection"]:
    """Connected to the database as version 5 of its tables left it, with a candle and marks of two months."""
    migrate(empty_database.model_copy(update={"postgres_read_password": None}), all_migrations()[:5])
    with closing(connect(empty_database)) as conn:
        conn.autocommit = True
        month = "CREATE TABLE candles_2024_08 PARTITION OF candles FOR VALUES FROM (1722470400000) TO (1725148800000)"
        conn.execute(sql.SQL(month))
        conn.execute(_CANDLE, (SYMBOL, MIDNIGHT_MS, MIDNIGHT_MS + MINUTE_MS - 1))
        for open_time in (MIDNIGHT_MS, MIDNIGHT_MS + MINUTE_MS, MIDNIGHT_MS + MONTH_MS):
            conn.execute(_MARK, (SYMBOL, open_time))
        conn.execute("INSERT INTO starts VALUES (%s, 7, 3), (%s, 9, 3)", (SYMBOL, SYMBOL))
        yield conn


def test_marks_move_into_the_partitions_of_their_months(empty_database: Settings, old: psycopg.Connection) -> None:
    before = old.execute("SELECT * FROM marks ORDER BY open_time").fetchall()
    migrate(empty_database)

    assert old.execute("SELECT * FROM marks ORDER BY open_time").fetchall() == before
    months = "SELECT tableoid::regclass::text, count(*) FROM marks GROUP BY 1 ORDER BY 1"
    assert old.execute(months).fetchall() == [("marks_2024_08", 2), ("marks_2024_09", 1)]
    assert old.execute("SELECT to_regclass('marks_of_all_time')").fetchone() == (None,)


def test_amounts_take_the_form_in_which_they_are_served(empty_database: Settings, old: psycopg.Connection) -> None:
    amounts = (
        "SELECT open::text, high::text, low::text, close::text, volume::text, quote_volume::text,"
        " taker_buy_volume::text, taker_buy_quote_volume::text FROM candles"
    )
    plain = ("61837.63000000", "61900.00000000", "61800.00000000", "61850.12000000", "12.34567891",
             "763412.1234567890123456", "5.00000001", "309188.15000000")  # fmt: skip
    migrate(empty_database)

    assert old.execute(sql.SQL(amounts)).fetchall() == [plain]


def test_the_history_of_symbols_begins_with_the_starts(empty_database: Settings, old: psycopg.Connection) -> None:
    migrate(empty_database)

    history = "SELECT symbol, author, status, since, next_trade_id FROM symbol_events"
    assert old.execute(history).fetchall() == [(SYMBOL, "connector", "started", 3, 7)]
    with closing(WarmWriter(empty_database)) as writer:
        assert not writer.is_symbol_history_begun()


def test_what_is_written_then_meets_what_was_there(empty_database: Settings, old: psycopg.Connection) -> None:
    migrate(empty_database)
    larger = minute(SYMBOL, revision=1, published_at=9, close=Decimal(61851))

    with closing(WarmWriter(empty_database)) as writer:
        writer.write([larger, minute(SYMBOL, 31 * 1_440)])

    assert read_warm(empty_database, SYMBOL) == [larger, minute(SYMBOL, 31 * 1_440)]
    assert old.execute("SELECT revision, published_at FROM candle_revisions").fetchall() == [(0, 5)]


def test_a_second_time_changes_nothing_and_another_text_is_refused(
    empty_database: Settings, old: psycopg.Connection
) -> None:
    migrate(empty_database)
    names = "SELECT name, checksum FROM schema_migrations ORDER BY name"
    applied = old.execute(names).fetchall()
    migrate(empty_database)
    assert old.execute(names).fetchall() == applied == [(m.name, m.checksum) for m in all_migrations()]

    old.execute("UPDATE schema_migrations SET checksum = 'x' WHERE name = %s", (applied[-1][0],))
    with pytest.raises(Mistake, match="another text"):
        migrate(empty_database)
