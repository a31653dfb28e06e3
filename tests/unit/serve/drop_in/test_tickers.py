import httpx
import msgspec

from tests.unit.serve.fake_tiers import A_TICKER_FRAME
from wickstream.binance.shapes import DayTicker

DAY, PRICE = "/api/v3/ticker/24hr", "/api/v3/ticker/price"


def test_a_day_is_what_the_exchange_said_in_the_order_of_the_exchange(client: httpx.Client) -> None:
    told, said = client.get(DAY, params={"symbol": "BTCUSDT"}).json(), msgspec.json.decode(A_TICKER_FRAME)
    assert list(told) == list(DayTicker.__struct_fields__)
    assert (told["bidPrice"], told["bidQty"], told["prevClosePrice"]) == (said["b"], said["B"], said["x"])
    again = msgspec.json.decode(msgspec.convert(told, DayTicker).frame())
    assert again == said | {"E": said["C"]}


def test_a_mini_day_has_neither_changes_nor_a_book(client: httpx.Client) -> None:
    told = client.get(DAY, params={"symbol": "BTCUSDT", "type": "MINI"}).json()
    assert list(told)[:5] == ["symbol", "openPrice", "highPrice", "lowPrice", "lastPrice"]
    assert "bidPrice" not in told


def test_lists_leave_out_what_was_not_heard_of(client: httpx.Client) -> None:
    for query in ({}, {"symbols": '["ETHUSDT","BTCUSDT"]'}):
        assert [row["symbol"] for row in client.get(DAY, params=query).json()] == ["BTCUSDT"]
        assert client.get(PRICE, params=query).json() == [{"symbol": "BTCUSDT", "price": "102.50000000"}]


def test_one_that_was_not_heard_of_is_to_be_asked_for_again(client: httpx.Client) -> None:
    for path in (DAY, PRICE):
        answer = client.get(path, params={"symbol": "ETHUSDT"})
        assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, -1001, "1")
    assert client.get(PRICE, params={"symbol": "BTCUSDT"}).json()["price"] == "102.50000000"


def test_a_status_picks_symbols_and_must_be_that_of_those_named(client: httpx.Client) -> None:
    assert len(client.get(DAY, params={"symbolStatus": "TRADING"}).json()) == 1
    assert client.get(DAY, params={"symbolStatus": "HALT"}).json() == []
    refused = client.get(DAY, params={"symbol": "BTCUSDT", "symbolStatus": "HALT"})
    assert (refused.status_code, refused.json()["code"]) == (400, -1220)


def test_the_average_is_weighted_by_volume(client: httpx.Client) -> None:
    told = client.get("/api/v3/avgPrice", params={"symbol": "BTCUSDT"}).json()
    assert list(told) == ["mins", "price", "closeTime"]
    assert (told["mins"], told["price"]) == (5, "101.10000000")
