"""What became of each minute of an hour: each has one state, and the count of hours says the same."""

import random
from collections import Counter
from typing import Any

import pytest

from tests.candles import MIDNIGHT_MS, minute
from tests.records import a_halt, at, note, read, store
from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.events import MINUTE_MS, Author, Gap, GapStatus, SymbolEvent
from wickstream.store.warm.database import connect
from wickstream.store.warm.hour_minutes import Hour, MinuteState
from wickstream.store.warm.records import RecordsReader
from wickstream.store.warm.symbol_events import upsert_symbol_events

pytestmark = pytest.mark.stack

A = "ABCUSDT"
CASES = 60
FIRST, LAST = MIDNIGHT_MS, MIDNIGHT_MS + 59 * MINUTE_MS


def hour(database: Settings, first: int = FIRST, last: int = LAST) -> Hour:
    return read(database, lambda records: records.hour(A, first, last))


def a_hole(first: int, last: int, status: GapStatus = GapStatus.OPEN) -> Gap:
    return Gap(A, first, last, None, at(0), status)


class MadeUp:
    """One symbol's hour of chance, and what each minute should be by rules written down once more."""

    def __init__(self, symbol: str, chance: random.Random) -> None:
        self.symbol = symbol
        self.rows = {n: chance.choice(("complete", "repaired", "quiet", "open", "none")) for n in range(60)}
        self.first = chance.randrange(30)
        for number in range(self.first):
            self.rows[number] = chance.choice(("open", "none"))
        self.rows[self.first] = "complete"
        self.halts = {n for n in range(60) if chance.random() < 0.2}
        begin = chance.randrange(-10, 50)
        self.left = (begin, begin + chance.randrange(1, 20)) if chance.random() < 0.7 else None
        self.within = chance.randrange(60_000)  # of the minutes in which it was left and taken up

    def state(self, number: int) -> str | None:
        row = self.rows[number]
        if number < self.first:
            return None
        if row in ("complete", "repaired", "quiet"):
            return row
        if number in self.halts:
            return "halted"
        return None if self.left and self.left[0] <= number <= self.left[1] else "missing"

    def candles(self) -> list[Candle]:
        fields: dict[str, dict[str, Any]] = {
            "complete": {},
            "repaired": {"revision": 1},
            "quiet": {"trade_count": 0},
            "open": {"closed": False},
        }
        return [minute(self.symbol, n, **fields[row]) for n, row in self.rows.items() if row != "none"]

    def words(self) -> list[SymbolEvent]:
        def word(number: int, *, chosen: bool) -> SymbolEvent:
            return SymbolEvent(self.symbol, Author.EXCHANGE, "TRADING", at(number) + self.within, chosen=chosen)

        if self.left is None:
            return []
        return [word(-900, chosen=True), word(self.left[0], chosen=False), word(self.left[1], chosen=True)]


def test_each_minute_has_the_state_that_the_rules_give_it_and_hours_count_the_same(database: Settings) -> None:
    chance = random.Random(20_261_130)
    made = [MadeUp(f"S{number:03}USDT", chance) for number in range(CASES)]
    store(database, *(candle for case in made for candle in case.candles()))
    note(database, *(a_halt(case.symbol, n) for case in made for n in sorted(case.halts)))
    with connect(database) as conn:
        upsert_symbol_events(conn, [word for case in made for word in case.words()])

    async def ask(records: RecordsReader) -> list[Hour]:
        return [await records.hour(case.symbol, FIRST, LAST) for case in made]

    hours = read(database, ask)
    counted = read(database, lambda records: records.hours([case.symbol for case in made], FIRST, LAST))

    for case, found, count in zip(made, hours, counted, strict=True):
        expected = {at(n): state for n in range(60) if (state := case.state(n))}
        assert {one.open_time: one.state for one in found.minutes} == expected, case.symbol
        tally = Counter(expected.values())
        told = {state: getattr(count, state) for state in MinuteState}
        assert (told, count.minutes) == ({state: tally[state] for state in MinuteState}, len(expected)), case.symbol


def test_a_minute_tells_of_its_candle_even_of_an_open_one(database: Settings) -> None:
    store(database, minute(A, 0), minute(A, 1, revision=2, trade_count=9), minute(A, 2, closed=False))
    first, repaired, opened, nothing = hour(database, last=at(3)).minutes
    assert (first.state, first.first_trade_id, first.last_trade_id) == (MinuteState.COMPLETE, 1_000, 1_009)
    assert (repaired.state, repaired.revision, repaired.trade_count) == (MinuteState.REPAIRED, 2, 9)
    assert (opened.state, opened.trade_count) == (MinuteState.MISSING, 10)
    assert (nothing.state, nothing.trade_count, nothing.origin) == (MinuteState.MISSING, None, None)


def test_the_entries_of_an_hour_are_those_whose_ids_may_lie_in_it(database: Settings) -> None:
    store(database, *(minute(A, n) for n in (*range(-60, -1), *range(1, 59), *range(61, 120))))
    before, into, within, out_of, behind = (
        a_hole(500, 509, GapStatus.FILLED),
        a_hole(990, 1_002),  # from the minute before the hour into its first one
        a_hole(1_200, 1_209, GapStatus.REPAIRED),
        a_hole(1_595, 1_605),
        a_hole(1_700, 1_701),
    )
    note(database, before, into, within, out_of, behind, a_halt(A, 59), a_halt(A, 60))

    assert list(hour(database).gaps) == [a_halt(A, 59), out_of, within, into]
    assert list(hour(database, at(60), at(119)).gaps) == [a_halt(A, 60), behind, out_of]


def test_of_the_newest_hour_the_entries_behind_its_last_candle_are_told_too(database: Settings) -> None:
    store(database, minute(A, -1), minute(A, 0))
    note(database, a_hole(5_000, 5_009))
    assert list(hour(database).gaps) == [a_hole(5_000, 5_009)]


def test_of_a_symbol_without_a_closed_candle_there_is_nothing_to_say(database: Settings) -> None:
    store(database, minute(A, 0, closed=False))
    assert hour(database) == Hour([], [])
