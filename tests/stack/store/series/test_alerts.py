"""Alerts out of PostgreSQL and the lake as one list."""

import asyncio
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from tests.alerts import AT_MS, price_spike, whale
from tests.candles import minute
from tests.conftest import free_port_base
from tests.running import wait_until
from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.events import DAY_MS, Alert, AlertType
from wickstream.store.cold.alerts import ColdAlerts
from wickstream.store.series.alert_reads import Alerts
from wickstream.store.series.alert_series import AlertQuestion, newest_first
from wickstream.store.series.router import Router
from wickstream.store.warm.alerts import upsert_alerts
from wickstream.store.warm.database import connect
from wickstream.store.warm.lake_files import noted_files
from wickstream.store.warm.writer import WarmWriter

pytestmark = pytest.mark.stack

OLD_MS = AT_MS - 200 * DAY_MS
OLD = [whale(number, at=OLD_MS + 1_000 * number, value=Decimal(number)) for number in range(20)]
NEW = [whale(100 + number, at=AT_MS + 1_000 * (number // 3), value=Decimal(number)) for number in range(20)]
SPIKE = price_spike(at=AT_MS - 60_000, final=False)
FINAL = msgspec.structs.replace(SPIKE, final=True, trade_count=SPIKE.trade_count + 1)
ALL = [*OLD, *NEW, FINAL]
EVERYTHING = AlertQuestion(1_000)


@pytest.fixture
def filled(stores: Settings) -> Settings:
    """The lake has all, of the spike an older version; PostgreSQL has let go what is old."""
    with closing(connect(stores)) as conn:
        with conn.transaction():
            upsert_alerts(conn, [*NEW, FINAL])
        ColdAlerts(stores).store([*OLD, *NEW, SPIKE], {})
        wait_until(lambda: len(noted_files(conn, "alerts")) >= 2)
    return stores


def read(settings: Settings, question: AlertQuestion) -> Alerts:
    async def within() -> Alerts:
        async with Router(settings) as router:
            return await router.alerts.read(question)

    return asyncio.run(within())


def walked(settings: Settings, limit: int, question: AlertQuestion = EVERYTHING) -> list[Alert]:
    """Page by page."""
    found: list[Alert] = []
    page = read(settings, replace(question, limit=limit))
    found += page.alerts
    while page.further:
        page = read(settings, replace(question, limit=limit, before=page.further))
        found += page.alerts
    return found


@pytest.mark.parametrize("limit", [1, 3, 7, 20, 21, 100])
def test_pages_lead_from_the_newest_to_the_oldest_over_both(filled: Settings, limit: int) -> None:
    assert walked(filled, limit) == newest_first(AlertQuestion(1_000), ALL)


@pytest.mark.parametrize(
    "question",
    [
        AlertQuestion(50, type=AlertType.WHALE, min_value=Decimal(15)),
        AlertQuestion(50, symbol="BTCUSDT", start=OLD_MS + 5_000, end=OLD_MS + 9_000),
        AlertQuestion(50, final=False),
        AlertQuestion(50, late=True),
        AlertQuestion(5, end=AT_MS - 120_000),
        AlertQuestion(50, start=AT_MS, before=(AT_MS + 2_000, "whale:BTCUSDT:107")),
    ],
)
def test_the_stores_choose_as_the_question_says(filled: Settings, question: AlertQuestion) -> None:
    assert read(filled, question).alerts == newest_first(question, ALL)


def test_an_old_alert_that_came_late_hides_none_that_postgres_has_let_go(filled: Settings) -> None:
    """It was recomputed, and stays until the next lifecycle."""
    late = whale(50, at=OLD[10].at + 1)
    with closing(connect(filled)) as conn, conn.transaction():
        upsert_alerts(conn, [late])
    assert walked(filled, 1) == newest_first(AlertQuestion(1_000), [*ALL, late])


def test_what_postgres_let_go_is_found_also_when_there_was_no_alert_for_long(stores: Settings) -> None:
    """Which months those are is said by the newest candle, not by the newest alert."""
    months_later = minute(stores.ticker_symbols[0], number=150 * 1_440)
    newest = whale(7, at=months_later.open_time - 61 * DAY_MS)
    let_go = [whale(number, at=AT_MS + 40 * DAY_MS + number) for number in range(5)]
    with closing(WarmWriter(stores)) as warm:
        warm.write([months_later])
    with closing(connect(stores)) as conn:
        with conn.transaction():
            upsert_alerts(conn, [newest])
        ColdAlerts(stores).store([*let_go, newest], {})
        wait_until(lambda: bool(noted_files(conn, "alerts")))
    assert read(stores, AlertQuestion(100)).alerts == [newest, *reversed(let_go)]


def test_pages_are_whole_also_where_a_database_has_an_order_of_its_own(filled: Settings) -> None:
    same_ms = [whale(1, f"{name}USDT", at=AT_MS - DAY_MS) for name in ("_", "A", "a", "B", "b", "币安", "安")]
    with closing(connect(filled)) as conn, conn.transaction():
        conn.execute('ALTER TABLE alerts ALTER COLUMN alert_id TYPE text COLLATE "en-x-icu"')
        upsert_alerts(conn, same_ms)
    ColdAlerts(filled).store(same_ms, {})
    assert read(filled, AlertQuestion(5, end=AT_MS - DAY_MS)).alerts == newest_first(AlertQuestion(5), same_ms)
    assert [one.alert_id for one in walked(filled, 2)] == [
        one.alert_id for one in newest_first(AlertQuestion(1_000), [*ALL, *same_ms])
    ]


def test_an_older_version_in_the_lake_is_not_told_of(filled: Settings) -> None:
    assert [one.final for one in read(filled, AlertQuestion(50, type=AlertType.PRICE_SPIKE)).alerts] == [True]


def test_behind_one_that_is_left_out_for_its_newer_version_the_list_goes_on(filled: Settings) -> None:
    times = (OLD_MS, OLD_MS + 60_000)
    never_final = [price_spike(alert_id=f"price_spike:BTCUSDT:{at}", at=at, final=False) for at in times]
    ColdAlerts(filled).store(never_final, {})
    found = walked(filled, 1, AlertQuestion(1, type=AlertType.PRICE_SPIKE, final=False))
    assert [one.alert_id for one in found] == [one.alert_id for one in reversed(never_final)]


def test_what_lies_within_the_days_that_warm_keeps_is_not_looked_for_in_the_lake(stores: Settings) -> None:
    with closing(WarmWriter(stores)) as warm:
        warm.write([minute(stores.ticker_symbols[0])])
    with closing(connect(stores)) as conn, conn.transaction():
        upsert_alerts(conn, NEW)
    broken = stores.model_copy(update={"cold_url": "s3://nowhere/lake", "minio_endpoint": "http://127.0.0.1:9"})
    assert read(broken, AlertQuestion(100)).away == ()


def test_without_postgres_the_lake_answers_and_it_is_said(filled: Settings) -> None:
    alone = filled.model_copy(update={"postgres_host": "127.0.0.1", "postgres_port": free_port_base()})
    found = read(alone, AlertQuestion(50, type=AlertType.WHALE))
    assert found.alerts == newest_first(AlertQuestion(50), [*OLD, *NEW])
    assert (found.tiers, found.away) == (("cold",), ("warm",))


def test_without_any_store_there_is_no_answer(stores: Settings, tmp_path: Path) -> None:
    log = tmp_path / "broken" / "alerts" / "_delta_log"
    log.mkdir(parents=True)
    (log / f"{0:020}.json").write_text("{")
    away = {"postgres_host": "127.0.0.1", "postgres_port": free_port_base(), "cold_url": f"file:{tmp_path / 'broken'}"}
    with pytest.raises(StoreBusy, match=r"PostgreSQL.*; cold tier"):
        read(stores.model_copy(update=away), AlertQuestion(50))
