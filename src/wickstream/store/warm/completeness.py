"""How whole the last hour is of what is followed."""

from collections import Counter

import psycopg

from wickstream.events import MINUTE_MS
from wickstream.store.warm.integrity import HOURS, HourCount
from wickstream.store.warm.reads import NEWEST_CLOSED

MINUTES = 60

_FOLLOWED = """
SELECT symbol FROM (
    SELECT DISTINCT ON (symbol) symbol, chosen FROM symbol_events WHERE author = 'exchange' ORDER BY symbol, since DESC
) AS word WHERE chosen ORDER BY symbol
"""


def complete_shares(conn: psycopg.Connection) -> dict[str, float]:
    """Of each followed symbol that has a closed candle, the share of its minutes that are closed or a recorded halt.

    Of the hour that ends a minute before the newest closed candle of all: the others' may be on their way.
    """
    symbols = [symbol for (symbol,) in conn.execute(_FOLLOWED).fetchall()]
    ((newest_ms,),) = conn.execute(NEWEST_CLOSED, (symbols,)).fetchall()
    if newest_ms is None:
        return {}
    last_ms = newest_ms - MINUTE_MS
    asked = {"symbols": symbols, "first": last_ms - (MINUTES - 1) * MINUTE_MS, "last": last_ms}
    minutes, missing = Counter[str](), Counter[str]()
    for hour in (HourCount(*row) for row in conn.execute(HOURS, asked).fetchall()):
        minutes[hour.symbol] += hour.minutes
        missing[hour.symbol] += hour.missing
    return {symbol: 1 - missing[symbol] / count for symbol, count in minutes.items()}
