from typing import Any

import httpx
import pytest


def info(client: httpx.Client, **query: str) -> Any:
    return client.get("/api/v3/exchangeInfo", params=query).json()


def test_the_symbols_that_are_followed_are_there_with_their_statuses(client: httpx.Client) -> None:
    told = info(client)
    assert list(told) == ["timezone", "serverTime", "rateLimits", "exchangeFilters", "symbols"]
    rows = {row["symbol"]: (row["status"], row["baseAsset"], row["quoteAsset"]) for row in told["symbols"]}
    assert rows == {"BTCUSDT": ("TRADING", "BTC", "USDT"), "ETHUSDT": ("BREAK", "ETH", "USDT")}
    assert told["rateLimits"][0]["limit"] == 6_000


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"symbol": "BTCUSDT"}, ["BTCUSDT"]),
        ({"symbols": '["ETHUSDT","BTCUSDT"]'}, ["ETHUSDT", "BTCUSDT"]),
        ({"symbolStatus": "TRADING"}, ["BTCUSDT"]),
        ({"permissions": "SPOT"}, ["BTCUSDT", "ETHUSDT"]),
        ({"permissions": '["MARGIN"]'}, []),
    ],
)
def test_symbols_may_be_picked(client: httpx.Client, query: dict[str, str], names: list[str]) -> None:
    assert [row["symbol"] for row in info(client, **query)["symbols"]] == names


def test_one_unknown_symbol_spoils_the_whole_answer(client: httpx.Client) -> None:
    assert info(client, symbols='["BTCUSDT","NONE"]') == {"code": -1121, "msg": "Invalid symbol."}
    assert info(client, symbol="BTCUSDT", symbolStatus="TRADING")["code"] == -1128
    assert info(client, symbolStatus="GONE")["code"] == -1122


def test_no_order_can_be_placed_and_an_amount_has_eight_places(client: httpx.Client) -> None:
    (row,) = info(client, symbol="BTCUSDT", showPermissionSets="false")["symbols"]
    assert (row["orderTypes"], row["permissionSets"], row["isSpotTradingAllowed"]) == ([], [], True)
    assert [each["filterType"] for each in row["filters"]] == ["PRICE_FILTER", "LOT_SIZE"]
    assert row["filters"][0]["tickSize"] == row["filters"][1]["stepSize"] == "0.00000001"
