"""/api/v3 over the real tiers, which hold the captures: the exchange's own answers, and nothing else."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest

from tests.captured_tiers import captured
from tests.clients.truth import as_rest, captured_trades, forming_kline, official_klines
from tests.conftest import SettingsMaker
from tests.running import Launcher
from tests.scripted_source import ScriptedSource
from tests.serving import served
from wickstream.config import Settings
from wickstream.events import DAY_MS, MINUTE_MS
from wickstream.serve.app import build_app
from wickstream.store.warm.database import connect

pytestmark = pytest.mark.stack

FIRST_MS = 1_723_161_300_000  # 23:55
LAST_MS = FIRST_MS + 10 * MINUTE_MS
FIVE: dict[str, str | int] = {"symbol": "BTCUSDT", "interval": "5m"}
ONE: dict[str, str | int] = {"symbol": "BTCUSDT", "interval": "1m"}


@pytest.fixture(scope="module")
def stored(
    postgres: Settings, make_settings: SettingsMaker, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    with captured(make_settings(tmp_path_factory.mktemp("captured")), postgres, launcher) as settings:
        yield settings


@pytest.fixture(scope="module")
def client(stored: Settings) -> Iterator[httpx.Client]:
    app = build_app(stored, open_source=ScriptedSource().opened)
    with served(app) as address, httpx.Client(base_url=f"{address}/api/v3/", trust_env=False) as client:
        yield client


def opens(rows: list[list[Any]]) -> list[int]:
    return [row[0] for row in rows]


def test_klines_are_the_official_ones_and_the_forming_one_last(client: httpx.Client) -> None:
    answer = client.get("klines", params=FIVE)
    assert answer.json() == [*official_klines("5m"), forming_kline("5m")]
    assert answer.headers["x-wickstream-complete"] == "true"
    minutes = client.get("klines", params=ONE).json()
    assert opens(minutes) == list(range(FIRST_MS, LAST_MS + 1, MINUTE_MS))
    assert minutes[-1] == forming_kline("1m")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"startTime": 0, "limit": 1}, [0]),
        ({"startTime": FIRST_MS - MINUTE_MS, "limit": 2}, [0, 1]),
        ({"startTime": FIRST_MS + 1, "endTime": LAST_MS - MINUTE_MS - 1}, [1, 2, 3, 4, 5, 6, 7, 8]),
        ({"startTime": LAST_MS - MINUTE_MS}, [9, 10]),
        ({"endTime": FIRST_MS + MINUTE_MS, "limit": 5}, [0, 1]),
        ({"limit": 2}, [9, 10]),
        ({"endTime": FIRST_MS - 1}, []),
        ({"startTime": LAST_MS + 1}, []),
    ],
)
def test_ranges_are_the_exchanges(client: httpx.Client, query: dict[str, str | int], expected: list[int]) -> None:
    rows = client.get("klines", params=ONE | query).json()
    assert [(at - FIRST_MS) // MINUTE_MS for at in opens(rows)] == expected


def test_what_is_not_proven_is_left_out_and_the_header_says_so(client: httpx.Client) -> None:
    answer = client.get("klines", params=FIVE | {"startTime": FIRST_MS - 5 * MINUTE_MS, "limit": 2})
    assert opens(answer.json()) == [FIRST_MS, FIRST_MS + 5 * MINUTE_MS]
    assert answer.headers["x-wickstream-complete"] == "false"


def test_days_begin_where_the_zone_says(client: httpx.Client) -> None:
    for zone, opened in (("0", 1_723_161_600_000), ("8", 1_723_132_800_000), ("-0:30", 1_723_077_000_000)):
        rows = client.get("klines", params={"symbol": "BTCUSDT", "interval": "1d", "timeZone": zone}).json()
        assert [(row[0], row[6]) for row in rows] == [(opened, opened + DAY_MS - 1)], zone


def test_every_interval_has_its_forming_candle(client: httpx.Client) -> None:
    for interval in ("3m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M"):
        *_, last = client.get("klines", params={"symbol": "BTCUSDT", "interval": interval}).json()
        assert last[0] <= LAST_MS < last[6]
        assert last[4] == forming_kline("1m")[4]


def test_trades_are_those_that_were_captured(client: httpx.Client) -> None:
    trades = captured_trades()
    rows = client.get("trades", params={"symbol": "BTCUSDT", "limit": 1_000}).json()
    assert [without_worth(row) for row in rows] == [as_rest(trade) for trade in trades[-1_000:]]
    query = {"symbol": "BTCUSDT", "fromId": trades[5]["t"], "limit": 700}
    rows = client.get("historicalTrades", params=query).json()
    assert [without_worth(row) for row in rows] == [as_rest(trade) for trade in trades[5:705]]


def test_ids_before_the_recording_are_refused_with_those_that_are_held(client: httpx.Client) -> None:
    refused = client.get("historicalTrades", params={"symbol": "BTCUSDT", "fromId": 1})
    first_whole = next(trade["t"] for trade in captured_trades() if trade["T"] >= FIRST_MS)
    assert (refused.status_code, refused.json()["code"]) == (400, -1130)
    assert f"those from about {first_whole} on are" in refused.json()["msg"]


def without_worth(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "quoteQty"}


def test_the_day_is_what_the_exchange_sent_last(client: httpx.Client) -> None:
    newest = captured_trades()[-1]
    day = client.get("ticker/24hr", params={"symbol": "BTCUSDT"}).json()
    assert (day["lastPrice"], day["lastId"], day["count"]) == (newest["p"], newest["t"], len(captured_trades()))
    assert [row["symbol"] for row in client.get("ticker/24hr").json()] == ["BTCUSDT", "ETHUSDT"]
    price = client.get("ticker/price", params={"symbol": "BTCUSDT"}).json()
    assert price == {"symbol": "BTCUSDT", "price": newest["p"]}


def test_symbols_have_the_exchanges_newest_status(client: httpx.Client, stored: Settings) -> None:
    def statuses() -> dict[str, str]:
        return {row["symbol"]: row["status"] for row in client.get("exchangeInfo").json()["symbols"]}

    assert statuses() == {"BTCUSDT": "TRADING", "ETHUSDT": "TRADING"}
    with closing(connect(stored)) as conn:
        conn.execute(
            "INSERT INTO symbol_events (symbol, author, status, since) VALUES ('ETHUSDT', 'exchange', 'HALT', %s)",
            [LAST_MS],
        )
        conn.commit()
    assert statuses() == {"BTCUSDT": "TRADING", "ETHUSDT": "HALT"}
