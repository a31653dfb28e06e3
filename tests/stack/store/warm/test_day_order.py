"""A day's rows are put in order beside whoever reads and writes them."""

import random
import threading
from collections.abc import Iterator
from contextlib import closing
from functools import partial

import psycopg
import pytest

from tests.aged_stores import QUARTERS, SYMBOLS, candles_of
from tests.candles import MIDNIGHT_MS, minute
from tests.writing import again
from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.store.series.frames import SCHEMA
from wickstream.store.series.frames import candles_of as candles_in
from wickstream.store.warm.bulk import read_candles
from wickstream.store.warm.database import connect
from wickstream.store.warm.day_order import dead_share, free_space, put_in_order, scattered_symbols
from wickstream.store.warm.writer import WarmWriter

pytestmark = pytest.mark.stack

SYMBOL = SYMBOLS[3]
BATCHES = 20


@pytest.fixture
def conn(database: Settings) -> Iterator[psycopg.Connection]:
    """Beside a day of sixteen symbols, as it came."""
    with closing(WarmWriter(database)) as writer:
        for row in candles_of((0,)):
            writer.write(row)
    with closing(connect(database)) as conn:
        conn.autocommit = True
        yield conn


def rows(conn: psycopg.Connection, symbol: str) -> list[Candle]:
    return candles_in(read_candles(conn, "candles", symbol, 0, 2**53, SCHEMA))


def test_as_it_comes_a_day_is_scattered_and_then_it_is_not(conn: psycopg.Connection) -> None:
    assert scattered_symbols(conn, SYMBOLS, MIDNIGHT_MS) == list(SYMBOLS)
    assert put_in_order(conn, SYMBOL, MIDNIGHT_MS) == len(QUARTERS)
    assert scattered_symbols(conn, SYMBOLS, MIDNIGHT_MS) == [name for name in SYMBOLS if name != SYMBOL]


def test_to_put_a_day_in_order_changes_no_row(conn: psycopg.Connection) -> None:
    before = {symbol: rows(conn, symbol) for symbol in SYMBOLS}
    for symbol in SYMBOLS:
        put_in_order(conn, symbol, MIDNIGHT_MS)
    assert {symbol: rows(conn, symbol) for symbol in SYMBOLS} == before


def test_a_day_that_is_not_there_is_in_order(conn: psycopg.Connection) -> None:
    assert scattered_symbols(conn, [*SYMBOLS, "NOSUCHUSDT"], MIDNIGHT_MS + 86_400_000) == []
    assert put_in_order(conn, "NOSUCHUSDT", MIDNIGHT_MS) == 0


def test_what_was_moved_away_is_dead_until_it_is_cleared(conn: psycopg.Connection) -> None:
    for symbol in SYMBOLS:
        put_in_order(conn, symbol, MIDNIGHT_MS)
    assert dead_share(conn, "candles_2024_08") > 0.3
    free_space(conn, "candles_2024_08")
    assert dead_share(conn, "candles_2024_08") < 0.05


def test_a_reader_never_sees_a_day_without_its_rows(database: Settings, conn: psycopg.Connection) -> None:
    with connect(database) as reader:
        reader.autocommit = True
        count = "SELECT count(*), count(DISTINCT open_time) FROM candles WHERE symbol = %s"
        seen = set()
        for _ in range(20):
            mover = threading.Thread(target=put_in_order, args=(conn, SYMBOL, MIDNIGHT_MS))
            mover.start()
            while mover.is_alive():
                seen.add(reader.execute(count, (SYMBOL,)).fetchone())
            mover.join()
    assert seen == {(len(QUARTERS), len(QUARTERS))}


def test_a_writer_that_wants_a_row_under_way_waits_and_the_newer_version_wins(
    database: Settings, conn: psycopg.Connection
) -> None:
    newer = minute(SYMBOL, QUARTERS[4], revision=1)
    conn.autocommit = False
    conn.execute("SELECT 1")  # so that what follows is part of a transaction that goes on
    put_in_order(conn, SYMBOL, MIDNIGHT_MS)
    with closing(WarmWriter(database)) as writer:
        waiting = threading.Thread(target=writer.write, args=([newer],))
        waiting.start()
        waits = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = %s)"
        with closing(connect(database)) as looker:
            looker.autocommit = True
            while looker.execute(waits, (database.postgres_db,)).fetchone() == (False,):
                continue
        conn.commit()
        waiting.join()
    found = rows(conn, SYMBOL)
    assert len(found) == len(QUARTERS)
    assert found[4] == newer


def test_of_writers_and_movers_at_once_no_row_is_lost_or_doubled_and_the_newest_stands(
    database: Settings, conn: psycopg.Connection
) -> None:
    dice = random.Random(1)
    written: list[Candle] = []
    batches = threading.Semaphore(0)  # so that every batch meets a move, and not a hundred of them

    def write() -> None:
        with closing(WarmWriter(database)) as writer:
            for revision in range(1, BATCHES + 1):
                batch = [minute(symbol, at, revision=revision)
                         for symbol in SYMBOLS[:3] for at in dice.sample(QUARTERS, 5)]  # fmt: skip
                again(partial(writer.write, batch))
                written.extend(batch)
                batches.release()

    writing = threading.Thread(target=write)
    writing.start()
    for number in range(BATCHES):
        assert put_in_order(conn, SYMBOLS[number % 3], MIDNIGHT_MS) == len(QUARTERS)
        batches.acquire()
    writing.join()
    newest = {(candle.symbol, candle.open_time): candle for candle in written}
    for symbol in SYMBOLS[:3]:
        found = rows(conn, symbol)
        assert [candle.open_time for candle in found] == [minute(number=at).open_time for at in QUARTERS]
        assert all(newest.get((symbol, candle.open_time), candle) == candle for candle in found)
