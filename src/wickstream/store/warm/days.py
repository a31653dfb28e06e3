"""A day of a symbol in one row: whether its closed candles chain, added up where they lie."""

from typing import LiteralString

import polars as pl

_NUMBERS = ("day", "minutes", "first_open", "last_open", "first_id", "last_id", "trades")
DAYS = pl.Schema({"symbol": pl.String()} | dict.fromkeys(_NUMBERS, pl.Int64()) | {"chains": pl.Boolean()})

# It takes a few MB. But the planner thinks of more groups than there are, and would rather sort ten million rows.
FOR_ALL_DAYS: LiteralString = "SET LOCAL work_mem = '256MB'; SET LOCAL statement_timeout = '10min'"

# Minutes follow each other, and ids with them, just where the places at which they begin (id and time) are, but for
# the first, those at which they end, but for the last. Both are added up as hashes, in whatever order the rows come:
# what is wrong anywhere leaves something behind.
WARM_DAYS: LiteralString = """
SELECT symbol, day, minutes, first_open, last_open, first_id, last_id, trades,
       coalesce(without_ids = 0 AND odd = 0 AND minutes = (last_open - first_open) / 60000 + 1
                AND begins - hashint8extended(first_id, first_open)
                    = ends - hashint8extended(last_id + 1, last_open + 60000),
                false) AS chains
FROM (
    SELECT symbol, open_time / 86400000 AS day, count(*) AS minutes,
           min(open_time) AS first_open, max(open_time) AS last_open,
           min(first_trade_id) AS first_id, max(last_trade_id) AS last_id, sum(trade_count)::bigint AS trades,
           count(*) FILTER (WHERE first_trade_id IS NULL) AS without_ids,
           count(*) FILTER (WHERE last_trade_id - first_trade_id + 1 <> trade_count) AS odd,
           sum(hashint8extended(first_trade_id, open_time)) AS begins,
           sum(hashint8extended(last_trade_id + 1, open_time + 60000)) AS ends
    FROM candles
    WHERE "interval" = '1m' AND closed AND open_time BETWEEN %s AND %s AND published_at < %s
    GROUP BY symbol, open_time / 86400000
) AS added_up
ORDER BY symbol, day
"""
