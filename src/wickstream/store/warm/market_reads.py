"""What the market routes ask of the warm tier: the exchange's word on symbols, and what was traded, by symbol."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from wickstream.events import DAY_MS, MINUTE_MS
from wickstream.store.series.turnover import Parts, TradedMinute, Turnover, Window, change_pct
from wickstream.store.warm.reads import WarmReader

_WORDS = """
SELECT DISTINCT ON (symbol) symbol, status, chosen FROM symbol_events
WHERE author = 'exchange' ORDER BY symbol, since DESC
"""

_MINUTES = """
SELECT symbol, open_time, open, close, quote_volume, trade_count, closed, revision, origin FROM candles
WHERE symbol = ANY(%s) AND "interval" = '1m' AND open_time BETWEEN %s AND %s
"""

_HALTS = """
SELECT symbol, open_time FROM gaps
WHERE symbol = ANY(%s) AND first_trade_id IS NULL AND open_time BETWEEN %s AND %s AND status = 'halted'
"""

# Sums read every minute, the first and the last price one row each along the index.
DAYS = """
SELECT s.symbol, day.quote_volume, day.trade_count, first.open, last.close
FROM unnest(%(symbols)s::text[]) AS s (symbol), LATERAL (
    SELECT sum(quote_volume) AS quote_volume, sum(trade_count)::bigint AS trade_count FROM candles AS c
    WHERE c.symbol = s.symbol AND c."interval" = '1m' AND open_time BETWEEN %(first)s AND %(last)s
) AS day, LATERAL (
    SELECT open FROM candles AS c
    WHERE c.symbol = s.symbol AND c."interval" = '1m' AND open_time BETWEEN %(first)s AND %(last)s
    ORDER BY open_time LIMIT 1
) AS first, LATERAL (
    SELECT close FROM candles AS c
    WHERE c.symbol = s.symbol AND c."interval" = '1m' AND open_time BETWEEN %(first)s AND %(last)s
    ORDER BY open_time DESC LIMIT 1
) AS last
"""


class Word(NamedTuple):
    """The exchange's newest on a symbol, and whether we follow it."""

    status: str
    is_followed: bool


async def read_words(warm: WarmReader) -> dict[str, Word]:
    """Of every symbol that ever concerned us.

    Raises:
        StoreBusy: If PostgreSQL does not answer in time.
    """
    return {symbol: Word(status, bool(chosen)) for symbol, status, chosen in await warm.fetch(_WORDS, ())}


async def read_minutes(warm: WarmReader, symbols: Sequence[str], window: Window) -> dict[str, Parts]:
    """What there is of the window, and in which of its minutes a symbol was not traded.

    Raises:
        StoreBusy: If PostgreSQL does not answer in time.
    """
    place = (list(symbols), window.first_ms, window.last_ms)
    minutes: defaultdict[str, list[TradedMinute]] = defaultdict(list)
    halts: defaultdict[str, set[int]] = defaultdict(set)
    for symbol, *facts in await warm.fetch(_MINUTES, place):
        minutes[symbol].append(TradedMinute(*facts))
    for symbol, open_time in await warm.fetch(_HALTS, place):
        halts[symbol].add(open_time)
    return {symbol: Parts(warm=minutes[symbol], halts=frozenset(halts[symbol])) for symbol in symbols}


async def read_days(warm: WarmReader, symbols: Sequence[str], last_ms: int) -> list[Turnover]:
    """Of the 24 hours whose last minute opens at `last_ms`; symbols without a candle in them are left out.

    Raises:
        StoreBusy: If PostgreSQL does not answer in time.
    """
    place = {"symbols": list(symbols), "first": last_ms - DAY_MS + MINUTE_MS, "last": last_ms}
    return [_turnover(*row) for row in await warm.fetch(DAYS, place)]


def _turnover(symbol: str, quote_volume: Decimal, trade_count: int, first: Decimal, last: Decimal) -> Turnover:
    return Turnover(symbol, quote_volume, trade_count, last, change_pct(first, last))
