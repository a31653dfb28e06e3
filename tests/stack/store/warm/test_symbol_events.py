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
from wickstream.store.warm.writer import WarmWriter

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
    with closing(Warm(database, identify=lambda topics: dict.fromkeys(topics, 1))) as warm:
        warm.prepare()
        yield warm


def held(database: Settings) -> list[SymbolEvent]:
    with closing(connect(database)) as conn:
        rows = conn.execute("SELECT * FROM symbol_events ORDER BY since, author").fetchall()
    return [SymbolEvent(row[0], Author(row[1]), *row[2:]) for row in rows]


def take(warm: Warm, events: list[SymbolEvent]) -> None:
    warm.start_offsets(PLACES)
    warm.take(Batch(events=events, positions={PLACES[1]: 9}))


def test_every_word_of_every_author_is_kept_however_often_it_comes(database: Settings, warm: Warm) -> None:
    for events in (HISTORY, HISTORY[:2], HISTORY):
        take(warm, events)

    assert held(database) == HISTORY
    with closing(connect(database)) as conn:
        assert conn.execute("SELECT * FROM starts").fetchall() == [(SYMBOL, 7, 20)]


def test_of_two_words_for_one_moment_the_later_one_counts(database: Settings, warm: Warm) -> None:
    left_out = said(Author.EXCHANGE, "TRADING", 10, chosen=False)
    take(warm, [CHOSEN, left_out])

    assert held(database) == [left_out]


def test_where_an_older_version_stored_the_history_of_symbols_is_read_once_more(database: Settings, warm: Warm) -> None:
    assert warm.start_offsets(PLACES) == dict.fromkeys(PLACES, 0)
    with closing(WarmWriter(database)) as older:  # which kept no offsets
        older.write([], events=[BEGUN])
        assert warm.start_offsets(PLACES) == {Place(SYMBOL_EVENTS, 0): 0}

        older.write([], events=HISTORY)
    assert warm.start_offsets(PLACES) == {}
    assert warm.start_offsets(PLACES[:1]) == {}
