"""What was said of symbols, all of it: the topic keeps each author's newest word only."""

from collections.abc import Iterable, Sequence

import psycopg

from wickstream.events import Author, SymbolEvent

STARTED = "started"  # what a connector says of a symbol that it begins with
SILENT = "silent"  # where its restart goes on; said again and again, and nothing that happened to the symbol

# Of two words of an author for one moment, the later one of the topic.
_UPSERT = """
INSERT INTO symbol_events AS held (symbol, author, status, since, chosen, chosen_by, shard, next_trade_id)
VALUES (%(symbol)s, %(author)s, %(status)s, %(since)s, %(chosen)s, %(chosen_by)s, %(shard)s, %(next_trade_id)s)
ON CONFLICT (symbol, since, author, status) DO UPDATE
SET chosen = excluded.chosen, chosen_by = excluded.chosen_by, shard = excluded.shard,
    next_trade_id = excluded.next_trade_id
"""
_INSERT_START = "INSERT INTO starts VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
_IS_BEGUN = "SELECT EXISTS (SELECT FROM symbol_events WHERE author = 'exchange')"


def is_history(event: SymbolEvent) -> bool:
    """Tell whether it says what became of a symbol; what connectors note for themselves is left out."""
    return bool(event.symbol) and not (event.author is Author.CONNECTOR and event.status == SILENT)


def upsert_symbol_events(conn: psycopg.Connection, events: Sequence[SymbolEvent]) -> None:
    """Store them, in the order of their topic; where a connector began is where trades begin to be missing."""
    if events:
        conn.cursor().executemany(_UPSERT, [_row(event) for event in events])
        conn.cursor().executemany(_INSERT_START, list(_starts(events)))


def is_history_begun(conn: psycopg.Connection) -> bool:
    """Tell whether the topic was read since there is this table: nothing is followed before the exchange's word."""
    ((begun,),) = conn.execute(_IS_BEGUN).fetchall()
    return bool(begun)


def _starts(events: Iterable[SymbolEvent]) -> Iterable[tuple[str, int, int]]:
    for event in events:
        if event.author is Author.CONNECTOR and event.status == STARTED and event.next_trade_id is not None:
            yield event.symbol, event.next_trade_id, event.since


def _row(event: SymbolEvent) -> dict[str, str | int | bool | None]:
    return {name: getattr(event, name) for name in event.__struct_fields__}
