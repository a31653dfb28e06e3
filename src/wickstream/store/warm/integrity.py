"""How many minutes of each hour are closed, halted or missing."""

from collections.abc import Sequence
from typing import NamedTuple

from wickstream.store.warm.reads import WarmReader

# A symbol's hours begin with its first closed candle: the minute in which it began to be followed is never closed. What
# lies between a word of the exchange that we left it and the minute in which we took it up again was not to be had.
HOURS = """
WITH asked AS MATERIALIZED (
    SELECT s.symbol, greatest(oldest.open_time, %(first)s::bigint) AS first_ms
    FROM unnest(%(symbols)s::text[]) AS s (symbol), LATERAL (
        SELECT open_time FROM candles AS c
        WHERE c.symbol = s.symbol AND c."interval" = '1m' AND c.closed ORDER BY open_time LIMIT 1
    ) AS oldest
    WHERE oldest.open_time <= %(last)s
), hours AS (
    SELECT symbol, hour, greatest(first_ms, hour) AS first_ms, least(hour + 3540000, %(last)s::bigint) AS last_ms
    FROM asked, generate_series(first_ms - first_ms %% 3600000, %(last)s::bigint, 3600000) AS hour
), counted AS (  -- symbol by symbol along the index, whatever the statistics say
    SELECT a.symbol, c.* FROM asked AS a, LATERAL (
        SELECT open_time - open_time %% 3600000 AS hour,
               count(*) FILTER (WHERE trade_count > 0 AND revision = 0) AS complete,
               count(*) FILTER (WHERE trade_count > 0 AND revision > 0) AS repaired,
               count(*) FILTER (WHERE trade_count = 0) AS quiet
        FROM candles AS c
        WHERE c.symbol = a.symbol AND c."interval" = '1m' AND open_time BETWEEN a.first_ms AND %(last)s AND closed
        GROUP BY 1
    ) AS c
), halted AS (
    SELECT symbol, open_time - open_time %% 3600000 AS hour, count(*) AS halted
    FROM asked AS a JOIN gaps AS g USING (symbol)
    WHERE symbol = ANY(%(symbols)s) AND first_trade_id IS NULL AND status = 'halted'
      AND open_time BETWEEN a.first_ms AND %(last)s
      AND NOT EXISTS (
          SELECT FROM candles AS c
          WHERE c.symbol = g.symbol AND c."interval" = '1m' AND c.open_time = g.open_time AND c.closed
      )
    GROUP BY 1, 2
), unproven_marks AS (
    SELECT symbol, open_time - open_time %% 3600000 AS hour, count(*) AS unproven FROM unproven
    WHERE kind = 'unclosed' AND symbol = ANY(%(symbols)s) AND found_at IS NOT NULL
      AND open_time BETWEEN %(first)s AND %(last)s
    GROUP BY 1, 2
), words AS (
    SELECT symbol, chosen, since, lead(since) OVER (PARTITION BY symbol ORDER BY since) AS until
    FROM symbol_events WHERE author = 'exchange' AND symbol = ANY(%(symbols)s)
), left_alone AS (
    SELECT w.symbol, minute - minute %% 3600000 AS hour, count(DISTINCT minute) AS left_alone
    FROM words AS w JOIN asked AS a USING (symbol), generate_series(
        greatest(since - since %% 60000, a.first_ms), least(coalesce(until, %(last)s), %(last)s), 60000
    ) AS minute
    WHERE NOT w.chosen
      AND NOT EXISTS (
          SELECT FROM candles AS c
          WHERE c.symbol = w.symbol AND c."interval" = '1m' AND c.open_time = minute AND c.closed
      )
      AND NOT EXISTS (
          SELECT FROM gaps AS g
          WHERE g.symbol = w.symbol AND g.first_trade_id IS NULL AND g.open_time = minute AND g.status = 'halted'
      )
    GROUP BY 1, 2
)
SELECT symbol, hour, (last_ms - first_ms) / 60000 + 1 - coalesce(left_alone, 0) AS minutes, coalesce(complete, 0),
       coalesce(repaired, 0), coalesce(quiet, 0), coalesce(halted, 0), coalesce(unproven, 0)
FROM hours LEFT JOIN counted USING (symbol, hour) LEFT JOIN halted USING (symbol, hour)
    LEFT JOIN unproven_marks USING (symbol, hour) LEFT JOIN left_alone USING (symbol, hour)
WHERE (last_ms - first_ms) / 60000 + 1 > coalesce(left_alone, 0)
ORDER BY symbol, hour
"""


class HourCount(NamedTuple):
    """The minutes of one symbol in one hour, of those asked for in which it was followed.

    Attributes:
        open_time: of the hour (ms).
        complete: closed as they were first computed.
        repaired: closed by a later revision.
        quiet: closed, and nothing was traded.
        halted: not closed, because the exchange did not trade it.
        unproven: marked, and no closed candle agrees; the books found them. Some may be counted as closed.
    """

    symbol: str
    open_time: int
    minutes: int
    complete: int
    repaired: int
    quiet: int
    halted: int
    unproven: int

    @property
    def missing(self) -> int:
        """Neither closed nor halted."""
        return self.minutes - self.complete - self.repaired - self.quiet - self.halted


async def read_hours(warm: WarmReader, symbols: Sequence[str], first_ms: int, last_ms: int) -> list[HourCount]:
    """By symbol and hour, of the minutes that open from `first_ms` to `last_ms`, whole minutes both.

    Raises:
        StoreBusy: If PostgreSQL does not answer in time.
    """
    rows = await warm.fetch(HOURS, {"symbols": list(symbols), "first": first_ms, "last": last_ms})
    return [HourCount(*row) for row in rows]
