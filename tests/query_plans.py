"""Half a year of candles, and how PostgreSQL reads them."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

import psycopg
from psycopg import sql

from tests.candles import MIDNIGHT_MS
from tests.conftest import new_database
from wickstream.config import Settings
from wickstream.events import DAY_MS
from wickstream.store.warm.database import connect
from wickstream.store.warm.migrations import migrate
from wickstream.store.warm.partitions import Months

FIRST, LAST = MIDNIGHT_MS, MIDNIGHT_MS + 90 * DAY_MS  # from August into November
SYMBOL = "BTCUSDT"

# Twenty symbols, every half hour of half a year.
_FILL_CANDLES = """
INSERT INTO candles
SELECT symbol, '1m', open_time, open_time + 59999, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, true, 0, 'trades', 1
FROM generate_series(%s::bigint, %s::bigint, 1800000) AS open_time,
     (SELECT 'A' || n FROM generate_series(1, 19) AS n UNION ALL SELECT %s) AS s (symbol)
"""
_REVISE = "INSERT INTO candle_revisions SELECT * FROM candles WHERE open_time %% 86400000 = 0"
_FILL_MARKS = "INSERT INTO marks SELECT symbol, open_time, 1, 1, 1, 1, 1, 2, 1, 1, 1 FROM candles"


@contextmanager
def half_a_year(postgres: Settings) -> Iterator[psycopg.Connection]:
    """Connected to a database with rows of twenty symbols around those months."""
    first_ms, last_ms = FIRST - 60 * DAY_MS, LAST + 30 * DAY_MS
    with new_database(postgres) as database, closing(connect(database)) as conn:
        migrate(database)
        conn.autocommit = True
        Months().make(conn, range(first_ms, last_ms, DAY_MS))
        conn.execute(_FILL_CANDLES, (first_ms, last_ms, SYMBOL))
        conn.execute(_REVISE, ())
        conn.execute(_FILL_MARKS)
        conn.execute("ANALYZE")
        yield conn


def scans(conn: psycopg.Connection, statement: sql.Composable, values: Any = None) -> list[Mapping[str, Any]]:
    """The nodes of the plan that read a table, of those that were executed."""
    explained = sql.SQL("EXPLAIN (ANALYZE, FORMAT JSON) ") + statement
    (([plan],),) = conn.execute(explained, values).fetchall()

    def below(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        if "Relation Name" in node and node["Actual Loops"]:
            yield node
        for child in node.get("Plans", ()):
            yield from below(child)

    return list(below(plan["Plan"]))


def partitions_by_index(found: list[Mapping[str, Any]]) -> list[str]:
    """Their names, none of which was read from end to end."""
    assert {node["Node Type"] for node in found} <= {"Index Scan", "Index Only Scan", "Bitmap Heap Scan"}
    return sorted(node["Relation Name"] for node in found)
