"""Minutes to be recomputed: which they are, what must be there of them, and when it was published."""

from collections.abc import Iterator
from contextlib import closing

import msgspec
import psycopg
import pytest

from tests.candles import MIDNIGHT_MS, minute
from tests.stack.store.ledger.test_books import at, mark_of, repaired, wait_out
from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.events import MINUTE_MS, Author, Gap, GapStatus, Mark, SymbolEvent
from wickstream.store.ledger.bookkeeping import Kind
from wickstream.store.ledger.books import Books
from wickstream.store.ledger.cases import Case, Finding, cases_in, due_cases, marked_symbols
from wickstream.store.ledger.reader import LedgerReader
from wickstream.store.warm.database import conninfo
from wickstream.store.warm.marks import PublishedMark
from wickstream.store.warm.writer import WarmWriter

pytestmark = pytest.mark.stack

SYMBOL = "BTCUSDT"


def told(candle: Candle, *, since: int | None = None) -> PublishedMark:
    """Its mark, written a second after its minute's end."""
    mark = mark_of(candle)
    fields = {name: getattr(mark, name) for name in Mark.__struct_fields__}
    return PublishedMark(**fields, since=since, written_at=mark.open_time + 61_000)


@pytest.fixture
def warm(database: Settings) -> Iterator[WarmWriter]:
    with closing(WarmWriter(database)) as warm:
        yield warm


@pytest.fixture
def ledger(database: Settings) -> Iterator[LedgerReader]:
    with closing(LedgerReader(database)) as ledger:
        assert ledger.claim()
        yield ledger


def find_all(settings: Settings) -> None:
    """As the ledger does, when the time of what was noted is over."""
    with closing(Books(settings)) as books:
        books.look()
        wait_out(settings)
        books.look()


def due(ledger: LedgerReader, *besides: Finding, limit: int = 100, is_patient: bool = False) -> list[Case]:
    found = due_cases(ledger, besides=besides, limit=limit, is_patient=is_patient)
    return sorted(found, key=lambda case: case.first_open)


def test_a_minute_is_told_with_its_ids_and_from_when_to_when_they_were_published(
    database: Settings, warm: WarmWriter, ledger: LedgerReader
) -> None:
    early, late = minute(number=0), minute(number=1, trade_count=7, closed=False)
    marked = minute(number=1)
    warm.write([early, late], [told(early, since=at(1) + 5), told(marked, since=at(2))])
    find_all(database)

    (case,) = due(ledger)
    assert (case.kind, case.symbol, case.wanted) == (Kind.UNCLOSED, SYMBOL, (at(1),))
    assert case.mark == mark_of(marked)
    assert (case.first_id, case.last_id) == (marked.first_trade_id, marked.last_trade_id)
    assert (case.from_ms, case.until_ms) == (at(1) + 5, at(1) + 61_000)
    assert case.stored == "marked with 10 trades, and the candle has 7 and is open"
    assert not case.is_proven


def test_of_a_hole_only_the_minutes_that_are_not_settled_are_wanted(
    database: Settings, warm: WarmWriter, ledger: LedgerReader
) -> None:
    before, after = minute(number=0), minute(number=5)
    halt = Gap(SYMBOL, None, None, at(4), MIDNIGHT_MS, GapStatus.HALTED)
    missing = Gap(SYMBOL, 1_012, 1_019, None, MIDNIGHT_MS, GapStatus.REPAIRED)
    elsewhere = msgspec.structs.replace(missing, first_trade_id=2_000, last_trade_id=2_001)
    warm.write(
        [before, repaired(2), minute(number=3, closed=False), after],
        [told(before, since=at(1) + 5), told(after)],
        gaps=[halt, missing, elsewhere],
    )
    find_all(database)

    (case,) = due(ledger)
    assert (case.kind, case.wanted) == (Kind.UNMARKED, (at(1), at(3)))
    assert (case.first_open, case.last_open) == (at(1), at(4))
    assert (case.first_id, case.last_id) == (1_010, 1_049)
    assert (case.from_ms, case.until_ms) == (at(1) + 5, at(5) + 61_000)
    assert case.listed == (missing,)
    assert case.ids_that_are(GapStatus.REPAIRED) == ((1_012, 1_019),)


def test_what_the_stream_may_still_come_to_is_left_to_it_for_a_while(
    database: Settings, warm: WarmWriter, ledger: LedgerReader
) -> None:
    warm.write([minute(number=0, closed=False)], [told(minute(number=0))])
    find_all(database)
    assert due(ledger, is_patient=True) == []
    assert len(due(ledger)) == 1

    warm.write([minute(number=1, closed=False)])
    assert len(due(ledger, is_patient=True)) == 1


def test_a_stream_that_never_comes_is_not_waited_for(
    database: Settings, warm: WarmWriter, ledger: LedgerReader
) -> None:
    warm.write([], [told(minute(number=0))])
    find_all(database)
    with psycopg.connect(conninfo(database), autocommit=True) as conn:
        conn.execute("UPDATE unproven SET found_at = found_at - 120000")

    assert [case.stored for case in due(ledger, is_patient=True)] == ["marked with 10 trades, and there is no candle"]


def test_findings_that_wait_do_not_stand_before_others(
    database: Settings, warm: WarmWriter, ledger: LedgerReader
) -> None:
    warm.write([], [told(minute(number=number)) for number in (0, 1)] + [told(minute("ETHUSDT", 5))])
    find_all(database)
    (first,) = due(ledger, limit=1)
    (second,) = due(ledger, first.finding, limit=1)
    (third,) = due(ledger, first.finding, second.finding, limit=1)
    assert len({first.finding, second.finding, third.finding}) == 3
    assert due(ledger, first.finding, second.finding, third.finding) == []

    with psycopg.connect(conninfo(database), autocommit=True) as conn:
        conn.execute("UPDATE unproven SET found_at = found_at + 1")
    assert len(due(ledger, first.finding, second.finding, third.finding)) == 3  # settled, and found again


def test_a_range_has_its_proven_minutes_too_and_the_holes_that_reach_into_it(
    warm: WarmWriter, ledger: LedgerReader
) -> None:
    rows = [minute(number=number) for number in (0, 3, 4, 7)]
    other = minute("ETHUSDT", 3)
    warm.write([*rows, other], [*map(told, rows), told(other)])

    assert marked_symbols(ledger) == [SYMBOL, "ETHUSDT"]
    cases = cases_in(ledger, [SYMBOL], first_open=at(2), last_open=at(5))
    assert sorted((case.wanted, case.is_proven) for case in cases) == [
        ((at(2),), False),
        ((at(3),), True),
        ((at(4),), True),
        ((at(5),), False),
    ]
    assert cases_in(ledger, [SYMBOL], first_open=at(8), last_open=at(8) + 99 * MINUTE_MS) == []


def test_what_nobody_followed_is_no_case(warm: WarmWriter, ledger: LedgerReader) -> None:
    rows = [minute(number=0), minute(number=9)]
    begun = SymbolEvent(SYMBOL, Author.CONNECTOR, "started", at(8), chosen=True, next_trade_id=1_085)
    warm.write(rows, [told(row) for row in rows], events=[begun])

    found = cases_in(ledger, [SYMBOL], first_open=at(0), last_open=at(9))
    assert [case.kind for case in found] == [Kind.UNCLOSED, Kind.UNCLOSED]
