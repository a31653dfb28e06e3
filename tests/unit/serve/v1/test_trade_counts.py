from decimal import Decimal

import pytest
from httpx import Client

from tests.sample_market import MIDNIGHT_MS
from tests.unit.serve.fake_tiers import FakeTiers

COUNTS = "/api/v1/analytics/trades-count?symbol=BTCUSDT"
KLINES = "/api/v1/analytics/klines/BTCUSDT"


def test_counts_and_volumes_are_the_candles_and_the_two_sides_make_the_whole(client: Client) -> None:
    rows = client.get(COUNTS).json()["data"]
    candles = client.get(KLINES).json()["data"]
    for row, candle in zip(rows, candles, strict=True):
        shared = ("open_time", "trade_count", "volume", "quote_volume", "closed")
        assert [row[name] for name in shared] == [candle[name] for name in shared]
        assert row["buy_volume"] == candle["taker_buy_volume"]
        assert Decimal(row["buy_volume"]) + Decimal(row["sell_volume"]) == Decimal(row["volume"])
        assert Decimal(row["buy_quote_volume"]) + Decimal(row["sell_quote_volume"]) == Decimal(row["quote_volume"])


def test_sides_are_counted_where_the_archive_has_the_trades_and_null_elsewhere(client: Client) -> None:
    body = client.get(COUNTS).json()
    assert [(row["buy_count"], row["sell_count"]) for row in body["data"]] == [(None, None), (4, 6), (4, 6)]
    assert (body["sources"], body["complete"]) == (["demo", "hot", "cold"], True)


def test_without_the_archive_all_else_is_told(client: Client, tiers: FakeTiers) -> None:
    tiers.away = ("cold",)
    body = client.get(COUNTS).json()
    assert [row["buy_count"] for row in body["data"]] == [None] * 3
    assert (body["away"], body["complete"]) == (["cold"], False)


@pytest.mark.parametrize("start", ["", f"&start={MIDNIGHT_MS}"])
def test_pages_are_those_of_candles(client: Client, tiers: FakeTiers, start: str) -> None:
    tiers.minutes = 5
    address: str | None = f"{COUNTS}&limit=2{start}"
    times = []
    while address:
        answer = client.get(address)
        times += [row["open_time"] for row in answer.json()["data"]]
        address = answer.links.get("next", {}).get("url")
    assert sorted(times) == [MIDNIGHT_MS + minute * 60_000 for minute in range(5)]


def test_a_cursor_of_candles_is_not_one_of_counts(client: Client, tiers: FakeTiers) -> None:
    tiers.minutes = 5
    cursor = client.get(KLINES, params={"limit": 2}).json()["next_cursor"]
    assert client.get(f"{COUNTS}&limit=2&cursor={cursor}").status_code == 400


def test_the_symbol_has_to_be_named(client: Client) -> None:
    answer = client.get("/api/v1/analytics/trades-count")
    assert (answer.status_code, answer.json()["parameter"]) == (422, "symbol")
    assert client.get("/api/v1/analytics/trades-count?symbol=BTCUSD").json()["nearest"] == ["BTCUSDT"]
