"""What became of each minute of one hour, and which entries of the ledger lie in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from psycopg import sql

from wickstream.events import Gap
from wickstream.store.warm.gap_reads import GAP_COLUMNS, gap_of
from wickstream.store.warm.reads import WarmReader

MOST_GAPS = 200  # of one hour

# The minutes that `integrity.HOURS` counts, one by one; what that leaves out is left out here.
MINUTES = """
WITH words AS (
    SELECT chosen, since, lead(since) OVER (ORDER BY since) AS until
    FROM symbol_events WHERE author = 'exchange' AND symbol = %(symbol)s
), oldest AS (
    SELECT open_time FROM candles
    WHERE symbol = %(symbol)s AND "interval" = '1m' AND closed ORDER BY open_time LIMIT 1
), minutes AS (
    SELECT minute AS open_time FROM oldest, generate_series(
        greatest(%(first)s::bigint, oldest.open_time), %(last)s::bigint, 60000
    ) AS minute
)
SELECT m.open_time, coalesce(c.closed, false), g.open_time IS NOT NULL,
       EXISTS (
           SELECT FROM words AS w
           WHERE NOT w.chosen AND m.open_time BETWEEN w.since - w.since %% 60000 AND coalesce(w.until, m.open_time)
       ),
       c.trade_count, c.first_trade_id, c.last_trade_id, c.revision, c.origin, c.published_at
FROM minutes AS m
LEFT JOIN candles AS c
    ON c.symbol = %(symbol)s AND c."interval" = '1m' AND c.open_time = m.open_time
    AND c.open_time BETWEEN %(first)s AND %(last)s
LEFT JOIN gaps AS g
    ON g.symbol = %(symbol)s AND g.first_trade_id IS NULL AND g.open_time = m.open_time AND g.status = 'halted'
ORDER BY m.open_time
"""

# Ids lie between those of the closed candles around the hour, wherever within it they were traded.
GAPS = """
SELECT {columns} FROM gaps WHERE symbol = %(symbol)s AND (
    first_trade_id IS NULL AND open_time BETWEEN %(first)s AND %(last)s
    OR first_trade_id <= coalesce((
        SELECT first_trade_id - 1 FROM candles
        WHERE symbol = %(symbol)s AND "interval" = '1m' AND open_time > %(last)s AND closed
          AND first_trade_id IS NOT NULL ORDER BY open_time LIMIT 1
    ), 9223372036854775807)
    AND last_trade_id >= coalesce((
        SELECT last_trade_id + 1 FROM candles
        WHERE symbol = %(symbol)s AND "interval" = '1m' AND open_time < %(first)s AND closed
          AND last_trade_id IS NOT NULL ORDER BY open_time DESC LIMIT 1
    ), 0)
)
ORDER BY open_time DESC NULLS LAST, first_trade_id DESC LIMIT %(limit)s
"""
GAPS_OF_HOUR = sql.SQL(GAPS).format(columns=GAP_COLUMNS)


class MinuteState(StrEnum):
    """What became of a minute; each has exactly one."""

    COMPLETE = "complete"  # closed as it was first computed
    REPAIRED = "repaired"  # closed by a later revision
    QUIET = "quiet"  # closed, and nothing was traded
    HALTED = "halted"  # not closed, because the exchange did not trade it
    MISSING = "missing"  # none of these


class HourMinute(NamedTuple):
    """A minute in which the symbol was followed; what is told of its candle is null where there is none."""

    open_time: int
    closed: bool
    is_halt: bool
    is_left_alone: bool
    trade_count: int | None
    first_trade_id: int | None
    last_trade_id: int | None
    revision: int | None
    origin: str | None
    published_at: int | None

    @property
    def state(self) -> MinuteState | None:
        """None: it was not to be had, because the symbol was not followed then."""
        if self.closed:
            if not self.trade_count:
                return MinuteState.QUIET
            return MinuteState.REPAIRED if self.revision else MinuteState.COMPLETE
        if self.is_halt:
            return MinuteState.HALTED
        return None if self.is_left_alone else MinuteState.MISSING


@dataclass(frozen=True)
class Hour:
    """One symbol's: its minutes in order of time, and the entries of the ledger that concern it, the newest first."""

    minutes: Sequence[HourMinute]
    gaps: Sequence[Gap]


async def read_hour(warm: WarmReader, symbol: str, first_ms: int, last_ms: int) -> Hour:
    """Of the minutes that open from `first_ms` to `last_ms`, whole minutes both; at most `MOST_GAPS` entries.

    Raises:
        StoreBusy: If PostgreSQL does not answer in time.
    """
    asked = {"symbol": symbol, "first": first_ms, "last": last_ms}
    minutes = [HourMinute(*row) for row in await warm.fetch(MINUTES, asked)]
    gaps = [gap_of(row) for row in await warm.fetch(GAPS_OF_HOUR, asked | {"limit": MOST_GAPS})]
    return Hour([minute for minute in minutes if minute.state], gaps)
