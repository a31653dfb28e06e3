"""What is followed, since when, and what became of it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from wickstream.events import SymbolEvent
from wickstream.store.warm.reads import WarmReader

# Followed since the first word for it behind the last one against it.
_NOW = """
SELECT s.symbol, word.status, word.chosen, word.chosen_by, word.shard,
       CASE WHEN word.chosen THEN begun.since END, oldest.open_time, newest.open_time
FROM unnest(%s::text[]) AS s (symbol)
LEFT JOIN LATERAL (
    SELECT status, chosen, chosen_by, shard FROM symbol_events AS e
    WHERE e.symbol = s.symbol AND author = 'exchange' ORDER BY since DESC LIMIT 1
) AS word ON true
LEFT JOIN LATERAL (
    SELECT min(since) AS since FROM symbol_events AS e
    WHERE e.symbol = s.symbol AND author = 'exchange' AND chosen AND since > coalesce((
        SELECT max(since) FROM symbol_events AS e WHERE e.symbol = s.symbol AND author = 'exchange' AND NOT chosen
    ), -1)
) AS begun ON true
LEFT JOIN LATERAL (
    SELECT open_time FROM candles AS c
    WHERE c.symbol = s.symbol AND c."interval" = '1m' AND c.closed ORDER BY open_time LIMIT 1
) AS oldest ON true
LEFT JOIN LATERAL (
    SELECT open_time FROM candles AS c
    WHERE c.symbol = s.symbol AND c."interval" = '1m' AND c.closed ORDER BY open_time DESC LIMIT 1
) AS newest ON true
ORDER BY s.symbol
"""

_HISTORY = """
SELECT e.symbol, e.author, e.status, e.since, e.chosen, e.chosen_by, e.shard, e.next_trade_id
FROM unnest(%s::text[]) AS s (symbol), LATERAL (
    SELECT * FROM symbol_events AS e WHERE e.symbol = s.symbol ORDER BY since DESC, author, status LIMIT %s
) AS e
ORDER BY e.symbol, e.since DESC, e.author, e.status
"""


@dataclass(frozen=True)
class SymbolRecord:
    """One symbol.

    Attributes:
        status: the exchange's newest word; None: it was never heard.
        is_followed: None: nobody says.
        followed_since: ms, the exchange's clock; None: it is not.
        oldest: open time (ms) of the oldest closed candle that PostgreSQL keeps.
        history: the newest first.
    """

    symbol: str
    status: str | None
    is_followed: bool | None
    chosen_by: str | None
    shard: str | None
    followed_since: int | None
    oldest: int | None
    newest: int | None
    history: Sequence[SymbolEvent]


async def read_symbols(warm: WarmReader, symbols: Sequence[str], *, events: int) -> list[SymbolRecord]:
    """Each of these, by name, with as many words on it at most.

    Raises:
        StoreBusy: If PostgreSQL does not answer in time.
    """
    history: defaultdict[str, list[SymbolEvent]] = defaultdict(list)
    for row in await warm.fetch(_HISTORY, (list(symbols), events)):
        event = msgspec.convert(dict(zip(SymbolEvent.__struct_fields__, row, strict=True)), SymbolEvent)
        history[event.symbol].append(event)
    rows = await warm.fetch(_NOW, (list(symbols),))
    return [SymbolRecord(*(*row, history[row[0]])) for row in rows]
