"""How PostgreSQL reads: by the index, and only the partitions that the range has months of."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.candles import MIDNIGHT_MS
from tests.conftest import new_database
from wickstream.config import Settings
from wickstream.events import MINUTE_MS
from wickstream.store.ledger.case_questions import MARKED
from wickstream.store.warm import integrity, reads, revisions
from wickstream.store.warm.database import connect
from wickstream.store.warm.migrations import migrate
from wickstream.store.warm.partitions import Months

pytestmark = pytest.mark.stack

DAY_MS = 1_440 * MINUTE_MS
FIRST, LAST = MIDNIGHT_MS, MIDNIGHT_MS + 90 * DAY_MS  # from August into November
SYMBOL = "BTCUSDT"
MONTHS = ["2024_08", "2024_09", "2024_10", "2024_11"]

# Twenty symbols, every half hour of half a year.
_FILL_CANDLES = """
INSERT INTO candles
SELECT symbol, '1m', open_time, open_time + 59999, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, true, 0, 'trades', 1
FROM generate_series(%s::bigint, %s::bigint, 1800000) AS open_time,
     (SELECT 'A' || n FROM generate_series(1, 19) AS n UNION ALL SELECT %s) AS s (symbol)
"""
_REVISE = "INSERT INTO candle_revisions SELECT * FROM candles WHERE open_time %% 86400000 = 0"
_FILL_MARKS = "INSERT INTO marks SELECT symbol, open_time, 1, 1, 1, 1, 1, 2, 1, 1, 1 FROM candles"


@pytest.fixture(scope="module")
def half_a_year(postgres: Settings) -> Iterator["psycopg.Connection"]:
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


def scans(conn: psycopg.Connection, statement: sql.Composable, values: Any) -> list[Mapping[str, Any]]:
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
    assert {node["Node Type"] for node in found} <= {"Index Scan", "Index Only Scan", "Bitmap Heap Scan"}
    return sorted(node["Relation Name"] for node in found)


@pytest.mark.parametrize("statement", [reads.FORWARD, reads.BACKWARD])
def test_ninety_days_touch_four_partitions_by_their_index(
    half_a_year: psycopg.Connection, statement: sql.Composed
) -> None:
    found = scans(half_a_year, statement, (SYMBOL, FIRST, LAST, 200_000))

    assert partitions_by_index(found) == [f"candles_{month}" for month in MONTHS]


def test_a_few_of_ninety_days_touch_one(half_a_year: psycopg.Connection) -> None:
    found = scans(half_a_year, reads.BACKWARD, (SYMBOL, FIRST, LAST, 5))

    assert partitions_by_index(found) == ["candles_2024_11"]


def test_what_was_known_of_ninety_days_touches_four_partitions_of_both_tables(
    half_a_year: psycopg.Connection,
) -> None:
    values = {"symbol": SYMBOL, "first": FIRST, "last": LAST, "known_at": LAST}
    found = scans(half_a_year, revisions.KNOWN, values)

    assert partitions_by_index(found) == [
        f"{table}_{month}" for table in ("candle_revisions", "candles") for month in MONTHS
    ]


def test_the_marks_of_a_minute_and_the_one_before_touch_the_months_they_lie_in(
    half_a_year: psycopg.Connection,
) -> None:
    found = scans(half_a_year, MARKED, ([SYMBOL, SYMBOL], [FIRST, FIRST + 40 * DAY_MS]))

    marks = [node for node in found if node["Relation Name"].startswith("marks")]
    assert set(partitions_by_index(marks)) == {"marks_2024_08", "marks_2024_09"}


def test_a_day_of_hours_is_counted_in_its_month_by_the_index(half_a_year: psycopg.Connection) -> None:
    day = {"symbols": [SYMBOL, "A1"], "first": FIRST + 40 * DAY_MS, "last": FIRST + 41 * DAY_MS}
    found = scans(half_a_year, sql.SQL(integrity.HOURS), day)

    candles = [node for node in found if node["Relation Name"].startswith("candles")]
    assert partitions_by_index(candles) == ["candles_2024_06", "candles_2024_09"]  # the first candle, and the day
