from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal

import httpx
import pytest

from tests.conftest import free_port_base
from tests.sample_market import MIDNIGHT_MS
from tests.serving import served
from tests.stored_market import MINUTES, closed_candles, store_market
from wickstream.candle import EXCHANGE_FIELDS, roll_up
from wickstream.config import Settings
from wickstream.events import Trade
from wickstream.serve.app import build_app
from wickstream.store.cold.trades import TradesArchive
from wickstream.store.hot.hour import open_client
from wickstream.store.lane.live import CLOCK_KEY, SYMBOLS_KEY

pytestmark = pytest.mark.stack

SYMBOL = "SERVEUSDT"
KLINES = f"/api/v1/analytics/klines/{SYMBOL}"


@pytest.fixture(scope="module")
def stored(postgres: Settings, redis: Settings) -> Settings:
    """In a Redis that has heard of no other symbol, nor of any other time."""
    with closing(open_client(redis)) as client:
        client.delete(SYMBOLS_KEY, CLOCK_KEY)
    settings = redis.model_copy(update={"ticker_symbols": (SYMBOL,), "source": "demo"})
    store_market(settings, SYMBOL)
    return settings


@pytest.fixture(scope="module")
def client(stored: Settings) -> Iterator[httpx.Client]:
    with served(build_app(stored)) as address, httpx.Client(base_url=address, trust_env=False) as client:
        yield client


def test_what_was_stored_comes_out_to_the_last_digit(client: httpx.Client) -> None:
    rows = client.get(KLINES, params={"closed_only": "true"}).json()["data"]
    for row, candle in zip(rows, closed_candles(SYMBOL), strict=True):
        for name in EXCHANGE_FIELDS:
            stored = getattr(candle, name)
            assert (Decimal(row[name]) if isinstance(stored, Decimal) else row[name]) == stored
        assert (row["first_trade_id"], row["last_trade_id"]) == (candle.first_trade_id, candle.last_trade_id)
        assert (row["closed"], row["origin"]) == (True, "trades")


def test_the_forming_candle_comes_last(client: httpx.Client) -> None:
    rows = client.get(KLINES).json()["data"]
    assert [row["closed"] for row in rows] == [True] * MINUTES + [False]


def test_five_minutes_are_rolled_up_with_their_ids(client: httpx.Client) -> None:
    body = client.get(KLINES, params={"interval": "5m", "closed_only": "true"}).json()
    expected = list(roll_up(closed_candles(SYMBOL), "5m"))
    assert [(row["open_time"], row["last_trade_id"]) for row in body["data"]] == [
        (candle.open_time, candle.last_trade_id) for candle in expected
    ]
    assert [Decimal(row["quote_volume"]) for row in body["data"]] == [candle.quote_volume for candle in expected]


def test_a_range_is_inclusive_on_both_ends(client: httpx.Client) -> None:
    span = {"start": MIDNIGHT_MS + 60_000, "end": MIDNIGHT_MS + 180_000}
    body = client.get(KLINES, params=span).json()
    assert [(row["open_time"] - MIDNIGHT_MS) // 60_000 for row in body["data"]] == [1, 2, 3]
    assert body["complete"] is True
    assert body["sources"][0] == "demo"


@pytest.mark.parametrize("interval", ["1m", "5m"])
@pytest.mark.parametrize("limit", [1, 3, 7])
@pytest.mark.parametrize("start", [None, MIDNIGHT_MS])
def test_pages_of_either_direction_are_the_whole(
    client: httpx.Client, interval: str, limit: int, start: int | None
) -> None:
    asked: dict[str, str | int] = {"interval": interval} | ({} if start is None else {"start": start})
    whole = client.get(KLINES, params=asked).json()["data"]
    pages, address = [], f"{KLINES}?{httpx.QueryParams(asked | {'limit': limit})}"
    while address:
        answer = client.get(address)
        pages.append(answer.json()["data"])
        address = answer.links.get("next", {}).get("url", "")
    in_order = pages[::-1] if start is None else pages
    assert [row for page in in_order for row in page] == whole


def test_each_sides_trades_are_counted_where_the_archive_has_them(client: httpx.Client, stored: Settings) -> None:
    minute = closed_candles(SYMBOL)[3]
    trades = [
        Trade(SYMBOL, trade_id, minute.open, Decimal(1), minute.open_time, buyer_is_maker=number >= 4)
        for number, trade_id in enumerate(range(minute.first_trade_id or 0, (minute.last_trade_id or 0) + 1))
    ]
    TradesArchive(stored).add(SYMBOL, trades)
    asked: dict[str, str | int] = {"symbol": SYMBOL, "start": MIDNIGHT_MS, "end": MIDNIGHT_MS + 5 * 60_000}
    body = client.get("/api/v1/analytics/trades-count", params=asked).json()
    counts = [(row["buy_count"], row["sell_count"]) for row in body["data"]]
    assert counts == [(None, None)] * 3 + [(4, minute.trade_count - 4)] + [(None, None)] * 2
    assert "cold" in body["sources"]


def test_the_board_shows_the_last_trades_price(client: httpx.Client) -> None:
    row = client.get("/api/v1/market/realtime").json()["data"][0]
    assert (row["symbol"], row["trade_count"]) == (SYMBOL, 600)
    assert row["last_price"] == client.get(KLINES).json()["data"][-1]["close"]


def test_health_names_the_newest_closed_candle_of_each_tier(client: httpx.Client) -> None:
    tiers = client.get("/api/v1/system/health").json()["tiers"]
    newest = MIDNIGHT_MS + (MINUTES - 1) * 60_000
    assert tiers["hot"] == tiers["warm"] == {"state": "up", "newest_closed": newest}


def test_market_and_records_are_answered_out_of_the_stores(client: httpx.Client) -> None:
    summary = client.get("/api/v1/market/summary").json()
    assert {total["quote_asset"]: total["quote_volume"] for total in summary["quote_volumes"]}[
        "USDT"
    ] == "4044.00000000"
    (top,) = client.get("/api/v1/market/top-by-trades", params={"window": "24h", "limit": 1}).json()["data"]
    assert (top["symbol"], top["trade_count"]) == (SYMBOL, 600)
    span: dict[str, str | int] = {"symbol": SYMBOL, "start": MIDNIGHT_MS, "end": MIDNIGHT_MS + (MINUTES - 1) * 60_000}
    (hour,) = client.get("/api/v1/system/integrity", params=span).json()["data"]
    assert (hour["minutes"], hour["complete"], hour["missing"]) == (MINUTES, MINUTES, 0)
    (row,) = client.get("/api/v1/system/symbols", params={"symbol": SYMBOL}).json()["data"]
    assert (row["oldest_candle"], row["newest_candle"]) == (span["start"], span["end"])
    assert client.get("/api/v1/system/gaps", params={"symbol": SYMBOL}).json()["data"] == []
    assert client.get("/api/v1/market/ticker-health").json()["sources"] == ["demo", "lane", "warm"]


def test_without_redis_postgresql_answers(stored: Settings) -> None:
    lame = stored.model_copy(update={"redis_port": free_port_base()})
    with served(build_app(lame)) as address, httpx.Client(base_url=address, trust_env=False) as client:
        body = client.get(KLINES, params={"closed_only": "true"}).json()
        assert len(body["data"]) == MINUTES
        health = client.get("/api/v1/system/health").json()
    assert "hot" not in body["sources"]
    assert (health["status"], health["components"]["redis"]["state"]) == ("degraded", "down")
    assert health["tiers"]["hot"]["state"] == "down"


def test_without_any_tier_the_answer_is_503_at_once(stored: Settings) -> None:
    port = free_port_base()
    lame = stored.model_copy(update={"redis_port": port, "postgres_port": port + 1})
    with served(build_app(lame)) as address, httpx.Client(base_url=address, trust_env=False) as client:
        answer = client.get(KLINES)
        assert client.get("/readyz").status_code == 503
        assert client.get("/livez").status_code == 200
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.elapsed.total_seconds() < 2
