import pytest
from httpx import Client

from tests.sample_market import MIDNIGHT_MS
from tests.unit.serve.fake_tiers import FakeTiers

BOARD = "/api/v1/market/realtime"
SUMMARY = "/api/v1/market/summary"
HEALTH = "/api/v1/market/ticker-health"
BY_TRADES = "/api/v1/market/top-by-trades"
BY_VOLUME = "/api/v1/market/top-by-volume"
SPARKLINES = "/api/v1/market/sparklines"


def test_a_symbol_shows_its_price_and_its_24_hours(client: Client) -> None:
    assert client.get(BOARD).json()["data"][0] == {
        "symbol": "BTCUSDT",
        "last_price": "102.50000000",
        "price_change": "2.50000000",
        "price_change_pct": "2.500",
        "high_price": "103.00000000",
        "low_price": "99.00000000",
        "volume": "40.00000000",
        "quote_volume": "4044.00000000",
        "trade_count": 600,
        "age_ms": 40,
    }


def test_a_symbol_nothing_was_heard_of_is_listed_with_nulls(client: Client) -> None:
    row = client.get(BOARD).json()["data"][1]
    assert row.pop("symbol") == "ETHUSDT"
    assert set(row.values()) == {None}


def test_the_board_is_complete_once_every_symbol_was_heard_of(client: Client) -> None:
    assert client.get(BOARD).json()["complete"] is False


def test_the_summary_names_the_asset_of_each_volume(client: Client) -> None:
    body = client.get(SUMMARY).json()
    assert [(row["quote_asset"], row["quote_volume"], row["symbols"]) for row in body["quote_volumes"]] == [
        ("BTC", "50.00000000", 1),
        ("USDT", "8144.00000000", 2),
        (None, "9000.00000000", 1),
    ]
    assert body["trade_count"] == 1_901


def test_the_summary_tells_what_moved_and_what_is_stalest(client: Client) -> None:
    body = client.get(SUMMARY).json()
    assert (body["symbols"], body["up"], body["down"], body["flat"]) == (3, 1, 1, 2)
    assert body["top_gainer"] == {"symbol": "BTCUSDT", "last_price": "102.50000000", "price_change_pct": "2.500"}
    assert body["top_loser"]["symbol"] == "ETHBTC"
    assert (body["stalest"]["symbol"], body["stalest"]["age_ms"]) == ("ETHUSDT", 1_007)
    assert (body["basis"], body["complete"], body["sources"]) == ("tickers", True, ["demo", "lane", "warm"])


def test_each_symbol_has_its_health(client: Client) -> None:
    rows = client.get(HEALTH).json()["data"]
    assert [(row["symbol"], row["status"], row["age_ms"]) for row in rows] == [
        ("BTCUSDT", "ok", 7),
        ("DOTUSDT", "halted", None),
        ("ETHUSDT", "quiet", 1_007),
    ]
    assert rows[1]["exchange_status"] == "HALT"


def test_health_goes_on_behind_the_cursor(client: Client) -> None:
    first = client.get(HEALTH, params={"limit": 2}).json()
    assert [row["symbol"] for row in first["data"]] == ["BTCUSDT", "DOTUSDT"]
    last = client.get(HEALTH, params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [row["symbol"] for row in last["data"]] == ["ETHUSDT"]
    assert "next_cursor" not in last


def test_the_most_trades_come_first_and_of_equal_ones_the_first_by_name(client: Client) -> None:
    rows = client.get(BY_TRADES, params={"window": "24h"}).json()["data"]
    assert [row["symbol"] for row in rows] == ["ETHBTC", "BTCUSDT", "ETHUSDT", "WHATEVER"]


def test_volumes_in_different_assets_are_ranked_by_their_worth(client: Client) -> None:
    body = client.get(BY_VOLUME, params={"window": "24h"}).json()
    assert [(row["symbol"], row["quote_asset"], row["usd_volume"]) for row in body["data"]] == [
        ("ETHBTC", "BTC", "5125.00"),
        ("ETHUSDT", "USDT", "4100.00"),
        ("BTCUSDT", "USDT", "4044.00"),
        ("WHATEVER", None, None),
    ]
    assert (body["window"], body["basis"]) == ("24h", "tickers")


def test_the_last_hour_is_from_candles(client: Client) -> None:
    body = client.get(BY_TRADES, params={"limit": 1}).json()
    assert (body["window"], body["basis"], body["complete"]) == ("1h", "candles", False)
    assert [row["symbol"] for row in body["data"]] == ["ETHBTC"]


def test_the_hour_of_all_symbols_comes_as_closes_with_nulls_for_what_lacks(client: Client) -> None:
    body = client.get(SPARKLINES).json()
    assert body["data"] == [
        {"symbol": "BTCUSDT", "open_time": MIDNIGHT_MS, "closes": ["100.00000000", None, "102.50000000"]}
    ]
    assert (body["basis"], body["complete"]) == ("candles", False)


@pytest.mark.parametrize("path", [BY_TRADES, BY_VOLUME])
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("window=2h", "window: Input should be '1h' or '24h'"),
        ("limit=0", "limit: must be from 1 to 1000"),
        ("limit=1001", "limit: must be from 1 to 1000"),
        ("limit=1.5", "limit: a whole number in plain digits is needed"),
    ],
)
def test_a_window_or_limit_that_cannot_be_is_refused(client: Client, path: str, query: str, said: str) -> None:
    answer = client.get(f"{path}?{query}")
    assert (answer.status_code, answer.json()["detail"]) == (422, said)


@pytest.mark.parametrize("path", [SUMMARY, HEALTH, BY_TRADES, BY_VOLUME, SPARKLINES, BOARD])
def test_with_every_tier_down_it_says_when_to_ask_again(client: Client, tiers: FakeTiers, path: str) -> None:
    tiers.down = True
    answer = client.get(path)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


@pytest.mark.parametrize("path", [SUMMARY, HEALTH, BY_TRADES, BY_VOLUME, SPARKLINES, BOARD])
def test_a_misspelt_parameter_is_refused(client: Client, path: str) -> None:
    assert client.get(f"{path}?wndow=1h").status_code == 400
