"""All that was said of symbols is kept, though the topic keeps the newest word only."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from wickstream.bus.consumer import Place
from wickstream.bus.topics import PROCESSED_AGGS, SYMBOL_EVENTS
from wickstream.config import Settings
from wickstream.events import Author, SymbolEvent
from wickstream.store.intake import Batch
from wickstream.store.tiers import Warm
from wickstream.store.warm.database import connect

pytestmark = pytest.mark.stack

SYMBOL = "BTCUSDT"
PLACES = (Place(PROCESSED_AGGS, 0), Place(SYMBOL_EVENTS, 0))


def said(author: Author, status: str, since: int, **words: Any) -> SymbolEvent:
    return SymbolEvent(SYMBOL, author, status, since, **words)


CHOSEN = said(Author.EXCHANGE, "TRADING", 10, chosen=True, chosen_by="list", shard="0/1")
BEGUN = said(Author.CONNECTOR, "started", 20, chosen=True, next_trade_id=7)
BROKEN_OFF = said(Author.EXCHANGE, "BREAK", 30, chosen=True, chosen_by="list", shard="0/1")
REMOVED = said(Author.OPERATOR, "removed", 40)
HISTORY = [CHOSEN, BEGUN, BROKEN_OFF, REMOVED]


@pytest.fixture
def warm(database: Settings) -> Iterator[Warm]:
    with closing(Warm(database)) as warm:
        warm.prepare()
        yield warm


def held(database: Settings) -> list[SymbolEvent]:
    with closing(connect(database)) as conn:
        rows = conn.execute("SELECT * FROM symbol_events ORDER BY since, author").fetchall()
    return [SymbolEvent(row[0], Author(row[1]), *row[2:]) for row in rows]


def test_every_word_of_every_author_is_kept_however_often_it_comes(database: Settings, warm: Warm) -> None:
    for events in (HISTORY, HISTORY[:2], HISTORY):
        warm.take(Batch(events=events))

    assert held(database) == HISTORY
    with closing(connect(database)) as conn:
        assert conn.execute("SELECT * FROM starts").fetchall() == [(SYMBOL, 7, 20)]


def test_of_two_words_for_one_moment_the_later_one_counts(database: Settings, warm: Warm) -> None:
    left_out = said(Author.EXCHANGE, "TRADING", 10, chosen=False)
    warm.take(Batch(events=[CHOSEN, left_out]))

    assert held(database) == [left_out]


def test_what_was_said_before_there_was_a_table_is_read_once_more(warm: Warm) -> None:
    assert warm.start_offsets(PLACES) == {Place(SYMBOL_EVENTS, 0): 0}

    warm.take(Batch(events=[BEGUN]))  # as an older version's starts
    assert warm.start_offsets(PLACES) == {Place(SYMBOL_EVENTS, 0): 0}

    warm.take(Batch(events=HISTORY))
    assert warm.start_offsets(PLACES) == {}
    assert warm.start_offsets(PLACES[:1]) == {}
