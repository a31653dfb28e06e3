"""Dashboards read by the index, however much there is."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from tests import query_plans
from tests.dashboards import Asked, questions
from tests.grafana import Shown, expanded
from tests.query_plans import FIRST, SYMBOL, partitions_by_index, scans
from wickstream.config import Settings
from wickstream.events import DAY_MS

pytestmark = pytest.mark.stack

BY_MONTH = ("candles_", "candle_revisions_")
DAY = Shown(FIRST + 40 * DAY_MS, FIRST + 41 * DAY_MS, 15, 15, {"symbol": SYMBOL, "quote": "USDT", "interval": "300000"})
OF_CANDLES = [one for one in questions() if "FROM candle" in (one.sql or "")]
CHARTS = [one for one in OF_CANDLES if "opened" in (one.sql or "")]


@pytest.fixture(scope="module")
def half_a_year(own_postgres: Settings) -> Iterator["psycopg.Connection"]:
    with query_plans.half_a_year(own_postgres) as conn:
        yield conn


def read(conn: psycopg.Connection, asked: Asked) -> list[str]:
    """Months of the tables that have months."""
    found = scans(conn, sql.SQL(expanded(asked.sql or "", DAY)))
    return partitions_by_index([node for node in found if node["Relation Name"].startswith(BY_MONTH)])


@pytest.mark.parametrize("asked", OF_CANDLES, ids=lambda asked: asked.name)
def test_no_month_is_read_from_end_to_end_for_a_day(half_a_year: psycopg.Connection, asked: Asked) -> None:
    assert read(half_a_year, asked)


@pytest.mark.parametrize("asked", CHARTS, ids=lambda asked: asked.name)
def test_a_chart_of_a_day_touches_its_month_only(half_a_year: psycopg.Connection, asked: Asked) -> None:
    assert set(read(half_a_year, asked)) == {"candles_2024_09"}
