"""The ledger in PostgreSQL: what agrees leaves the table, what does not stays and is told once."""

from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal

import msgspec
import psycopg
import pytest

from tests.candles import MIDNIGHT_MS, minute
from tests.id_hash import id_hash
from tests.running import wait_until
from wickstream.candle import Candle, Origin
from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.events import MINUTE_MS, Author, Gap, GapStatus, Mark, SymbolEvent
from wickstream.store.ledger.bookkeeping import SETTLED_AFTER_MS
from wickstream.store.ledger.books import Books, Found
from wickstream.store.warm.database import conninfo
from wickstream.store.warm.writer import WarmWriter

pytestmark = pytest.mark.stack

SYMBOL = "BTCUSDT"
NOTHING = Found(0, 0, 0, None)


def mark_of(candle: Candle) -> Mark:
    first, last = candle.first_trade_id or 0, candle.last_trade_id or 0
    ids = range(first, last + 1)
    count = candle.trade_count
    return Mark(candle.symbol, candle.open_time, first, last, count, sum(ids), id_hash(ids), Decimal(1), last + 1)


def marks(*numbers: int) -> list[Mark]:
    return [mark_of(minute(number=number)) for number in numbers]


def candles(*numbers: int) -> list[Candle]:
    return [minute(number=number) for number in numbers]


def repaired(number: int) -> Candle:
    return minute(number=number, revision=1)


def at(number: int) -> int:
    return MIDNIGHT_MS + number * MINUTE_MS


@pytest.fixture
def warm(database: Settings) -> Iterator[WarmWriter]:
    with closing(WarmWriter(database)) as warm:
        yield warm


@pytest.fixture
def books(database: Settings) -> Iterator[Books]:
    with closing(Books(database)) as books:
        yield books


def wait_out(settings: Settings) -> None:
    """As if all that is noted had been so for as long as the ledger waits."""
    with psycopg.connect(conninfo(settings), autocommit=True) as conn:
        conn.execute("UPDATE unproven SET noted_at = noted_at - %s", (SETTLED_AFTER_MS,))


def test_what_agrees_is_settled_and_what_does_not_is_told_once_its_time_is_over(
    database: Settings, warm: WarmWriter, books: Books
) -> None:
    warm.write([*candles(0, 1), minute(number=2, closed=False)], marks(0, 1, 2, 3))
    assert books.look() == NOTHING

    wait_out(database)
    assert books.look() == Found(unclosed=2, unmarked=0, in_all=2, first=(SYMBOL, at(2)))
    assert books.look() == Found(0, 0, 2, None)

    warm.write([minute(number=2), repaired(3)])
    assert books.look() == NOTHING


def test_a_mark_that_grows_opens_its_minute_again(database: Settings, warm: WarmWriter, books: Books) -> None:
    warm.write(candles(0), marks(0))
    assert books.look() == NOTHING
    grown = minute(number=0, trade_count=11, last_trade_id=1_010)

    warm.write([], [mark_of(grown)])
    wait_out(database)
    assert books.look() == Found(1, 0, 1, (SYMBOL, at(0)))
    warm.write([grown])
    assert books.look() == NOTHING


def test_a_revised_candle_is_compared_with_its_mark_again(database: Settings, warm: WarmWriter, books: Books) -> None:
    warm.write(candles(0), marks(0))
    assert books.look() == NOTHING

    warm.write([minute(number=0, revision=1, trade_count=9, last_trade_id=1_008)])
    wait_out(database)
    assert books.look() == Found(1, 0, 1, (SYMBOL, at(0)))


def test_minutes_between_two_marks_are_proven_by_revised_candles_and_halts(
    database: Settings, warm: WarmWriter, books: Books
) -> None:
    warm.write([*candles(0, 5), minute(number=2, closed=False)], marks(0, 5))
    assert books.look() == NOTHING
    wait_out(database)
    assert books.look() == Found(0, 4, 4, (SYMBOL, at(1)))

    warm.write([repaired(1), minute(number=3, origin=Origin.EXCHANGE)])
    assert books.look() == Found(0, 0, 3, None)
    halt = Gap(SYMBOL, None, None, at(4), MIDNIGHT_MS, GapStatus.HALTED)
    warm.write([repaired(2), repaired(3)], gaps=[halt])
    assert books.look() == NOTHING


def test_what_nobody_followed_is_not_missing(database: Settings, warm: WarmWriter, books: Books) -> None:
    begun = SymbolEvent(SYMBOL, Author.CONNECTOR, "started", at(9), chosen=True, next_trade_id=1_085)
    before_all = msgspec.structs.replace(begun, next_trade_id=900)
    warm.write(candles(0, 9, 12), marks(0, 9, 12), events=[before_all, begun])
    books.look()
    wait_out(database)

    assert books.look() == Found(0, 2, 2, (SYMBOL, at(10)))


def test_more_items_than_one_look_takes_are_gone_through_by_turns(
    database: Settings, warm: WarmWriter, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wickstream.store.ledger.books.ITEMS_AT_ONCE", 2)
    monkeypatch.setattr("wickstream.store.ledger.books.HOLES_AT_ONCE", 1)
    warm.write([], marks(0, 2, 4, 6, 8))
    for _ in range(3):
        books.look()
    wait_out(database)

    found = [books.look() for _ in range(5)]
    assert found[-1] == Found(0, 0, 9, None)
    assert sum(each.unclosed for each in found if each) == 5
    assert sum(each.unmarked for each in found if each) == 4


def test_one_keeps_the_books_at_a_time(database: Settings, books: Books) -> None:
    assert books.look() == NOTHING
    with closing(Books(database)) as other:
        assert other.look() is None
        books.close()
        wait_until(lambda: other.look() == NOTHING, what="the right free")  # the server ends a session in its own time


def test_a_database_without_our_tables_is_waited_for(empty_database: Settings) -> None:
    with closing(Books(empty_database)) as books, pytest.raises(StoreBusy):
        books.look()


def test_a_lost_connection_is_a_busy_store(database: Settings, books: Books) -> None:
    assert books.look() == NOTHING
    with psycopg.connect(conninfo(database), autocommit=True) as conn:
        conn.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
    with pytest.raises(StoreBusy):
        books.look()
    assert books.look() == NOTHING
