"""What is asked of PostgreSQL about minutes that are to be recomputed."""

from psycopg import sql

from wickstream.events import Gap

# Not while the stream may still come to it: it has where there is a later candle of its own.
DUE = sql.SQL(
    """
SELECT kind, symbol, open_time, last_open_time, found_at FROM unproven AS u
WHERE found_at IS NOT NULL AND NOT EXISTS (
    SELECT FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[]) AS w (kind, symbol, open_time, found_at)
    WHERE (w.kind, w.symbol, w.open_time, w.found_at) = (u.kind, u.symbol, u.open_time, u.found_at)
) AND (%s
    OR found_at <= (extract(epoch FROM clock_timestamp()) * 1000)::bigint - %s
    OR EXISTS (
        SELECT FROM candles WHERE symbol = u.symbol AND "interval" = '1m' AND open_time > u.last_open_time
            AND revision = 0 AND origin = 'trades'
    ))
ORDER BY found_at DESC, symbol, open_time LIMIT %s
"""
)

MARKED = sql.SQL(
    """
SELECT m.symbol, m.open_time, m.first_trade_id, m.last_trade_id, m.trade_count, m.id_sum, m.id_hash,
       m.close, m.next_trade_id, coalesce(before.since, 0), m.written_at,
       c.closed, c.revision, c.trade_count, c.first_trade_id, c.last_trade_id
FROM unnest(%s::text[], %s::bigint[]) AS k (symbol, open_time)
JOIN marks AS m USING (symbol, open_time)
LEFT JOIN LATERAL (
    SELECT since FROM marks WHERE symbol = m.symbol AND open_time < m.open_time ORDER BY open_time DESC LIMIT 1
) AS before ON true
LEFT JOIN LATERAL (
    SELECT * FROM candles WHERE symbol = m.symbol AND "interval" = '1m' AND open_time = m.open_time LIMIT 1
) AS c ON true
"""
)

HOLES = sql.SQL(
    """
SELECT k.symbol, k.first_open, k.last_open, before.next_trade_id, after.first_trade_id - 1,
       coalesce(before.since, 0), after.written_at, ARRAY(
    SELECT generate_series(k.first_open, k.last_open, 60000)
    EXCEPT
    SELECT open_time FROM candles WHERE symbol = k.symbol AND "interval" = '1m' AND closed
        AND (revision > 0 OR origin = 'trades') AND open_time BETWEEN k.first_open AND k.last_open
    EXCEPT
    SELECT open_time FROM gaps WHERE symbol = k.symbol AND first_trade_id IS NULL AND status = 'halted'
    ORDER BY 1
)
FROM unnest(%s::text[], %s::bigint[], %s::bigint[]) AS k (symbol, first_open, last_open)
JOIN marks AS before ON (before.symbol, before.open_time) = (k.symbol, k.first_open - 60000)
JOIN marks AS after ON (after.symbol, after.open_time) = (k.symbol, k.last_open + 60000)
WHERE NOT EXISTS (
    SELECT FROM starts WHERE symbol = k.symbol AND first_trade_id BETWEEN before.next_trade_id AND after.first_trade_id
)
"""
)

ENTRIES = sql.SQL(
    """
SELECT k.number, {columns} FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::bigint[])
    AS k (number, symbol, first_id, last_id)
JOIN gaps AS g ON g.symbol = k.symbol AND g.first_trade_id <= k.last_id AND g.last_trade_id >= k.first_id
ORDER BY k.number
"""
).format(columns=sql.SQL(", ").join(sql.Identifier("g", name) for name in Gap.__struct_fields__))

MARKED_IN = sql.SQL(
    """
SELECT m.symbol, m.open_time, lag(m.open_time) OVER (PARTITION BY m.symbol ORDER BY m.open_time)
FROM unnest(%s::text[]) AS s (symbol) CROSS JOIN LATERAL (
    SELECT coalesce((SELECT max(open_time) FROM marks WHERE symbol = s.symbol AND open_time < %s), 0) AS first,
           coalesce((SELECT min(open_time) FROM marks WHERE symbol = s.symbol AND open_time > %s), %s) AS last
) AS around JOIN marks AS m ON m.symbol = s.symbol AND m.open_time BETWEEN around.first AND around.last
ORDER BY m.symbol, m.open_time
"""
)

# From one symbol to the next along the index: a DISTINCT would read every mark.
MARKED_SYMBOLS = sql.SQL(
    """
WITH RECURSIVE found AS (
    (SELECT symbol FROM marks ORDER BY symbol LIMIT 1)
    UNION ALL
    SELECT (SELECT symbol FROM marks WHERE symbol > found.symbol ORDER BY symbol LIMIT 1)
    FROM found WHERE found.symbol IS NOT NULL
)
SELECT symbol FROM found WHERE symbol IS NOT NULL
"""
)
