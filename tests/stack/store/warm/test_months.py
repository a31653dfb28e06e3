"""Months of the warm tier go as a whole, and come again where somebody needs them."""

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from tests.candles import MIDNIGHT_MS, minute
from tests.tier_contents import read_warm
from wickstream.candle import window_start
from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.store.warm.database import connect
from wickstream.store.warm.months import (
    TABLES,
    attach_month,
    attached_months,
    detach_month,
    drop_month,
    months_of,
    newest_closed,
    sums_of,
)
from wickstream.store.warm.partitions import State, name_of, state_of
from wickstream.store.warm.writer import WarmWriter

pytestmark = pytest.mark.stack

MONTH_MS = window_start(MIDNIGHT_MS, "1M")
ROWS = [minute(number=number) for number in range(5)]


@pytest.fixture
def conn(database: Settings) -> Iterator[psycopg.Connection]:
    """Beside a month with five candles."""
    with closing(WarmWriter(database)) as writer:
        writer.write(ROWS)
    with closing(connect(database)) as conn:
        conn.autocommit = True
        yield conn


def states(conn: psycopg.Connection) -> set[State]:
    return {state_of(conn, name_of(table, MONTH_MS)) for table in TABLES}


def half_detach(database: Settings, conn: psycopg.Connection) -> None:
    """Cut off while it waits for a reader of the whole table."""
    with connect(database) as reader:
        reader.execute("SELECT count(*) FROM candles")
        conn.execute("SET statement_timeout = 200")
        with pytest.raises(psycopg.errors.QueryCanceled):
            conn.execute("ALTER TABLE candles DETACH PARTITION candles_2024_08 CONCURRENTLY")
        conn.execute("SET statement_timeout = 0")
    assert state_of(conn, "candles_2024_08") is State.HALF_DETACHED


def test_a_detached_month_is_read_no_more_and_still_there(database: Settings, conn: psycopg.Connection) -> None:
    before = sums_of(conn, MONTH_MS)
    detach_month(conn, MONTH_MS)
    assert states(conn) == {State.DETACHED}
    assert read_warm(database, "BTCUSDT") == []
    assert sums_of(conn, MONTH_MS) == before
    assert (months_of(conn), attached_months(conn), newest_closed(conn)) == ([MONTH_MS], [], None)


def test_a_dropped_month_is_gone(conn: psycopg.Connection) -> None:
    detach_month(conn, MONTH_MS)
    drop_month(conn, MONTH_MS)
    assert (states(conn), months_of(conn), sums_of(conn, MONTH_MS)) == ({State.ABSENT}, [], {})


def test_an_attached_month_is_never_dropped(conn: psycopg.Connection) -> None:
    drop_month(conn, MONTH_MS)
    assert states(conn) == {State.ATTACHED}


def test_a_month_that_was_detached_comes_back(database: Settings, conn: psycopg.Connection) -> None:
    detach_month(conn, MONTH_MS)
    attach_month(conn, MONTH_MS)
    assert states(conn) == {State.ATTACHED}
    assert read_warm(database, "BTCUSDT") == ROWS


def test_what_was_cut_off_half_detached_is_detached_by_the_next(database: Settings, conn: psycopg.Connection) -> None:
    half_detach(database, conn)
    detach_month(conn, MONTH_MS)
    assert states(conn) == {State.DETACHED}


def test_what_was_cut_off_half_detached_comes_back(database: Settings, conn: psycopg.Connection) -> None:
    half_detach(database, conn)
    attach_month(conn, MONTH_MS)
    assert states(conn) == {State.ATTACHED}
    assert read_warm(database, "BTCUSDT") == ROWS


def test_a_writer_that_needs_a_detached_month_attaches_it(database: Settings, conn: psycopg.Connection) -> None:
    later = minute(number=9)
    with closing(WarmWriter(database)) as writer:
        writer.write(ROWS[:1])  # so that it knows the month
        detach_month(conn, MONTH_MS)
        with pytest.raises(StoreBusy, match="no partition"):
            writer.write([later])
        writer.write([later])
    assert states(conn) == {State.ATTACHED}
    assert read_warm(database, "BTCUSDT") == [*ROWS, later]


def test_a_writer_that_finds_a_month_half_detached_attaches_it(database: Settings, conn: psycopg.Connection) -> None:
    half_detach(database, conn)
    later = minute(number=9)
    with closing(WarmWriter(database)) as writer:
        writer.write([later])
    assert states(conn) == {State.ATTACHED}
    assert read_warm(database, "BTCUSDT") == [*ROWS, later]


def test_what_a_writer_puts_into_a_half_detached_month_is_in_its_sums(
    database: Settings, conn: psycopg.Connection
) -> None:
    with closing(WarmWriter(database)) as writer:
        writer.write(ROWS[:1])  # so that it knows the month
        half_detach(database, conn)
        writer.write([minute(number=9)])
    detach_month(conn, MONTH_MS)
    assert sums_of(conn, MONTH_MS)["BTCUSDT"].rows == len(ROWS) + 1


def test_no_change_of_a_month_leaves_its_sums(database: Settings, conn: psycopg.Connection) -> None:
    seen = [sums_of(conn, MONTH_MS)]
    with closing(WarmWriter(database)) as writer:
        for change in (
            minute(number=7, closed=False, trade_count=9),
            minute(number=7, closed=False),
            minute(number=3, revision=1),
        ):
            writer.write([change])
            seen.append(sums_of(conn, MONTH_MS))
    assert len({str(sums) for sums in seen}) == len(seen)


def test_the_newest_closed_candle_is_the_newest_of_all_symbols(database: Settings, conn: psycopg.Connection) -> None:
    with closing(WarmWriter(database)) as writer:
        writer.write([minute("ETHUSDT", 90), minute("ETHUSDT", 91, closed=False)])
    assert newest_closed(conn) == minute(number=90).open_time
