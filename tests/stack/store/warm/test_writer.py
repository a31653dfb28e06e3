"""What PostgreSQL says, and what becomes of it: waited for, or never asked again."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from typing import Any

import pytest
from psycopg import sql

from tests.candles import minute
from tests.tier_contents import read_warm
from wickstream.candle import plain
from wickstream.config import Settings
from wickstream.errors import StoreBusy, Unpublishable
from wickstream.store.warm.database import answering_within, connect
from wickstream.store.warm.writer import WarmWriter

pytestmark = pytest.mark.stack

SYMBOL = "BTCUSDT"


@pytest.fixture
def writer(database: Settings) -> Iterator[WarmWriter]:
    with closing(WarmWriter(database)) as writer:
        yield writer


def test_who_waits_for_a_lock_for_too_long_is_told_and_may_come_again(
    database: Settings,
) -> None:
    with closing(WarmWriter(database, answer_s=0.5)) as writer:
        writer.write([minute(SYMBOL)])
        with closing(connect(database)) as conn:
            conn.execute("LOCK TABLE candles")
            began_s = time.monotonic()
            with pytest.raises(StoreBusy):
                writer.write([minute(SYMBOL, 1)])
            assert time.monotonic() - began_s < 5.0

        writer.write([minute(SYMBOL, 1)])
    assert len(read_warm(database, SYMBOL)) == 2


def test_a_connection_that_answers_in_time_is_not_cut(database: Settings) -> None:
    with closing(connect(database)) as conn:
        with answering_within(conn, 30.0):
            conn.execute("SELECT 1")
        assert not [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
        assert conn.execute("SELECT 2").fetchone() == (2,)


def test_a_server_that_takes_no_writes_is_waited_for_and_found_again(database: Settings, writer: WarmWriter) -> None:
    name = sql.Identifier(database.postgres_db)
    setting = sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = {}")
    with closing(connect(database)) as conn:
        conn.autocommit = True
        conn.execute(setting.format(name, sql.SQL("on")))
        with pytest.raises(StoreBusy, match="read-only"):
            writer.write([minute(SYMBOL)])
        conn.execute("SET default_transaction_read_only = off")
        conn.execute(setting.format(name, sql.SQL("off")))

    assert writer.write([minute(SYMBOL)]).stored == 1


def test_what_a_constraint_or_a_type_refuses_is_never_asked_again_and_nothing_of_it_is_stored(
    database: Settings, writer: WarmWriter
) -> None:
    for bad in (minute(SYMBOL, 1, interval="5m"), minute("A\0B"), minute(SYMBOL, 1, revision=2**40)):
        with pytest.raises(Unpublishable):
            writer.write([minute(SYMBOL), bad])

    assert read_warm(database, SYMBOL) == []
    assert writer.write([minute(SYMBOL)]).stored == 1


def test_amounts_are_kept_in_the_form_in_which_they_are_served(database: Settings, writer: WarmWriter) -> None:
    amounts = {"open": "61837.63", "high": "1E+5", "low": "0", "close": "61850.120000000", "volume": "1"}
    amounts |= {"quote_volume": "763412.1234567890123400"}
    spelled: dict[str, Any] = {name: Decimal(text) for name, text in amounts.items()}

    for revision in range(2):  # the second of which makes the first one a revision
        writer.write([minute(SYMBOL, revision=revision, published_at=revision, **spelled)])

    with closing(connect(database)) as conn:
        for table in ("candles", "candle_revisions"):
            names = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name in amounts)
            (row,) = conn.execute(sql.SQL("SELECT {} FROM {}").format(names, sql.Identifier(table))).fetchall()
            assert row == tuple(plain(amount) for amount in spelled.values())


def test_a_partition_that_is_gone_is_no_fault_of_the_candle(database: Settings, writer: WarmWriter) -> None:
    writer.write([minute(SYMBOL)])
    with closing(connect(database)) as conn, conn:
        conn.execute("DROP TABLE candles_2024_08")

    with pytest.raises(StoreBusy):
        writer.write([minute(SYMBOL)])
    assert writer.write([minute(SYMBOL)]).stored == 1
