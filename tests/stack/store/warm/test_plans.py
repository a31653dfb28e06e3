"""How PostgreSQL reads: by the index, and only the partitions that the range has months of."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from tests import query_plans
from tests.query_plans import FIRST, LAST, SYMBOL, partitions_by_index, scans
from wickstream.config import Settings
from wickstream.events import DAY_MS, MINUTE_MS
from wickstream.store.ledger.case_questions import MARKED
from wickstream.store.warm import hour_minutes, integrity, reads, revisions

pytestmark = pytest.mark.stack

MONTHS = ["2024_08", "2024_09", "2024_10", "2024_11"]


@pytest.fixture(scope="module")
def half_a_year(postgres: Settings) -> Iterator["psycopg.Connection"]:
    with query_plans.half_a_year(postgres) as conn:
        yield conn


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


def test_an_hour_is_read_minute_by_minute_in_its_month_by_the_index(half_a_year: psycopg.Connection) -> None:
    hour = {"symbol": SYMBOL, "first": FIRST + 40 * DAY_MS, "last": FIRST + 40 * DAY_MS + 59 * MINUTE_MS}
    found = scans(half_a_year, sql.SQL(hour_minutes.MINUTES), hour)

    candles = [node for node in found if node["Relation Name"].startswith("candles")]
    assert partitions_by_index(candles) == ["candles_2024_06", "candles_2024_09"]  # the first candle, and the hour


def test_the_ids_around_an_hour_are_found_beside_it(half_a_year: psycopg.Connection) -> None:
    hour = {"symbol": SYMBOL, "first": FIRST + 40 * DAY_MS, "last": FIRST + 40 * DAY_MS + 59 * MINUTE_MS, "limit": 200}
    with half_a_year.transaction(force_rollback=True):
        half_a_year.execute("INSERT INTO gaps VALUES (%s, 5, 6, NULL, 1, 'open')", (SYMBOL,))
        found = scans(half_a_year, hour_minutes.GAPS_OF_HOUR, hour)

    candles = [node for node in found if node["Relation Name"].startswith("candles")]
    assert set(partitions_by_index(candles)) == {"candles_2024_09"}


def test_what_the_lane_is_compared_with_touches_one_month(half_a_year: psycopg.Connection) -> None:
    found = scans(half_a_year, reads.CLOSED, ([SYMBOL], [FIRST], [FIRST + 9 * MINUTE_MS]))

    assert partitions_by_index(found) == ["candles_2024_08"]
