"""What PostgreSQL says of gaps, of each hour's minutes and of symbols."""

from collections.abc import Iterable
from typing import Any

import pytest

from tests.candles import MIDNIGHT_MS, minute
from tests.records import a_halt, at, note, read, store
from wickstream.config import Settings
from wickstream.events import DAY_MS, MINUTE_MS, Author, Gap, GapStatus, SymbolEvent
from wickstream.store.warm.database import connect
from wickstream.store.warm.gap_reads import GapPlace, GapQuestion
from wickstream.store.warm.integrity import HourCount
from wickstream.store.warm.symbol_events import upsert_symbol_events

pytestmark = pytest.mark.stack

HOUR_MS = 60 * MINUTE_MS
A, B = "ABCUSDT", "BCDUSDT"


def hours(database: Settings, first: int, last: int, *symbols: str) -> list[HourCount]:
    return read(database, lambda records: records.hours(symbols or (A, B), at(first), at(last)))


def say(database: Settings, *events: SymbolEvent) -> None:
    with connect(database) as conn:
        upsert_symbol_events(conn, events)


def a_word(symbol: str, since: int, *, chosen: bool, status: str = "TRADING") -> SymbolEvent:
    return SymbolEvent(symbol, Author.EXCHANGE, status, since, chosen=chosen, chosen_by="list" if chosen else None)


def test_each_minute_of_an_hour_counts_as_what_became_of_it(database: Settings) -> None:
    store(database, *(minute(A, n) for n in range(50)), minute(A, 50, closed=False))
    store(database, minute(A, 1, revision=1, trade_count=9), minute(A, 2, trade_count=0, revision=2))
    store(database, minute(A, 51, trade_count=0, first_trade_id=1_510, last_trade_id=1_509))
    note(database, *(a_halt(A, n) for n in (0, 53, 54)))  # of the first one there is a candle all the same

    (hour,) = hours(database, 0, 59)
    assert hour == HourCount(A, at(0), 60, complete=48, repaired=1, quiet=2, halted=2, unproven=0)
    assert hour.missing == 7


def test_a_range_is_counted_by_the_hours_it_has_some_of(database: Settings) -> None:
    store(database, *(minute(symbol, n) for symbol in (A, B) for n in range(-100, 200)))

    assert [(row.symbol, (row.open_time - MIDNIGHT_MS) // HOUR_MS, row.minutes) for row in hours(database, -5, 61)] == [
        (symbol, hour, minutes) for symbol in (A, B) for hour, minutes in ((-1, 5), (0, 60), (1, 2))
    ]
    assert not any(row.missing for row in hours(database, -5, 61))


def test_an_hour_in_which_nothing_came_is_missing_whole(database: Settings) -> None:
    store(database, *(minute(A, n) for n in (*range(60), *range(120, 180))))
    assert [row.missing for row in hours(database, 0, 239)] == [0, 60, 0, 60]


def test_before_its_first_closed_candle_nothing_of_a_symbol_is_missing(database: Settings) -> None:
    store(database, minute(A, 29, closed=False), *(minute(A, n) for n in range(30, 60)))
    (hour,) = hours(database, -60, 59)
    assert (hour.open_time, hour.minutes, hour.missing) == (at(0), 30, 0)


def test_while_it_was_not_followed_nothing_of_a_symbol_is_missing(database: Settings) -> None:
    store(database, *(minute(A, n) for n in (*range(20), *range(50, 60))))
    says = [a_word(A, at(-60), chosen=True), a_word(A, at(20) + 500, chosen=False)]
    says += [a_word(A, at(30), chosen=False, status="BREAK"), a_word(A, at(48) + 10, chosen=True)]
    say(database, *says)

    (hour,) = hours(database, 0, 59)
    assert (hour.minutes, hour.complete, hour.missing) == (31, 30, 1)  # minute 49


def test_what_was_backfilled_while_it_was_not_followed_counts(database: Settings) -> None:
    store(database, *(minute(A, n) for n in range(60)))
    say(database, a_word(A, at(10), chosen=False))
    (hour,) = hours(database, 0, 119)
    assert (hour.minutes, hour.complete, hour.missing) == (60, 60, 0)


def test_marks_that_the_books_cannot_match_are_told(database: Settings) -> None:
    store(database, *(minute(A, n) for n in range(60)))
    with connect(database) as conn:
        conn.execute(
            "INSERT INTO unproven SELECT %s, open_time, 'unclosed', open_time, 1, 1, found_at"
            " FROM (VALUES (%s::bigint, 5::bigint), (%s, 6), (%s, NULL)) AS u (open_time, found_at)",
            (A, at(3), at(4), at(5)),
        )
    assert [row.unproven for row in hours(database, 0, 59)] == [2]


def ledger(symbols: int = 2) -> list[Gap]:
    """Entries of ids and halts, some noticed at the same moment."""
    named = [(chr(ord("A") + n) + "USDT") for n in range(symbols)]
    ids = [Gap(name, 10 * n, 10 * n + 3, None, at(n // 2), GapStatus.OPEN) for name in named for n in range(1, 5)]
    return ids + [a_halt(name, n) for name in named for n in range(4)]


def ask(**fields: Any) -> GapQuestion:
    anything = {"symbol": None, "status": None, "start": None, "end": None, "behind": None, "limit": 1_000}
    return GapQuestion(**anything | fields)


def entries(database: Settings, **fields: Any) -> list[Gap]:
    return read(database, lambda records: records.gaps(ask(**fields)))


def in_order(gaps: Iterable[Gap]) -> list[Gap]:
    return sorted(gaps, key=GapPlace.of, reverse=True)


def test_the_ledger_comes_page_by_page_the_newest_first(database: Settings) -> None:
    note(database, *ledger())
    pages: list[list[Gap]] = []
    while page := entries(database, behind=GapPlace.of(pages[-1][-1]) if pages else None, limit=3):
        pages.append(page)

    assert [len(page) for page in pages] == [3, 3, 3, 3, 3, 1]
    assert [gap for page in pages for gap in page] == in_order(ledger())


def test_of_the_ledger_what_is_asked_for(database: Settings) -> None:
    note(database, *ledger())
    there = ledger()

    assert entries(database, symbol="AUSDT") == in_order(gap for gap in there if gap.symbol == "AUSDT")
    assert entries(database, status=GapStatus.HALTED) == in_order(g for g in there if g.status is GapStatus.HALTED)
    assert entries(database, start=at(1), end=at(1)) == in_order(gap for gap in there if gap.detected_at == at(1))
    both = entries(database, symbol="BUSDT", status=GapStatus.OPEN, end=at(1))
    assert [gap.first_trade_id for gap in both] == [30, 20, 10]


def test_a_symbol_is_followed_since_the_first_word_for_it_behind_the_last_one_against_it(database: Settings) -> None:
    store(database, minute(A, 0), minute(A, 1), minute(A, 2, closed=False), minute(A, -40 * 1_440))
    words = [
        a_word(A, at(0), chosen=True),
        a_word(A, at(1), chosen=False),
        a_word(A, at(2), chosen=True),
        a_word(A, at(3), chosen=True, status="HALT"),
    ]
    say(database, *words, a_word(B, at(0), chosen=True), a_word(B, at(5), chosen=False, status="delisted"))
    first, second = read(database, lambda records: records.symbols([A, B], events=1_000))

    assert (first.is_followed, first.followed_since, first.status) == (True, at(2), "HALT")
    assert (first.oldest, first.newest) == (MIDNIGHT_MS - 40 * DAY_MS, at(1))
    assert list(first.history) == words[::-1]
    assert (second.is_followed, second.followed_since, second.status, second.oldest) == (False, None, "delisted", None)


def test_of_a_history_the_newest_words_are_told(database: Settings) -> None:
    say(database, *(a_word(A, at(n), chosen=True) for n in range(10)))
    (record,) = read(database, lambda records: records.symbols([A], events=3))
    assert [event.since for event in record.history] == [at(9), at(8), at(7)]


def test_names_are_those_that_are_known_or_ever_were(database: Settings) -> None:
    store(database, minute("ONLYCANDLES", 0))
    say(database, a_word("ONCEFOLLOWED", at(0), chosen=False))
    names = read(database, lambda records: records.names())
    assert {"ONLYCANDLES", "ONCEFOLLOWED", *database.named_symbols} <= set(names)
    assert names == sorted(names)
