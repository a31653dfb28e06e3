from decimal import Decimal

import httpx
import pytest

from tests.sample_market import MIDNIGHT_MS
from tests.unit.serve.fake_tiers import NEWEST_ID
from wickstream.events import Trade
from wickstream.serve.drop_in.trades import as_told


def test_the_newest_trades_are_told_in_the_order_of_the_exchange(client: httpx.Client) -> None:
    rows = client.get("/api/v3/trades", params={"symbol": "BTCUSDT", "limit": 2}).json()
    assert [row["id"] for row in rows] == [NEWEST_ID - 1, NEWEST_ID]
    assert list(rows[0].items()) == [
        ("id", NEWEST_ID - 1),
        ("price", "100.50000000"),
        ("qty", "0.20000000"),
        ("quoteQty", "20.10000000"),
        ("time", MIDNIGHT_MS),
        ("isBuyerMaker", False),
        ("isBestMatch", True),
    ]


@pytest.mark.parametrize(("quantity", "worth"), [("0.00000150", "0.00000010"), ("0.00000250", "0.00000018")])
def test_what_a_trade_is_worth_is_rounded_half_even(quantity: str, worth: str) -> None:
    trade = Trade("BTCUSDT", 1, Decimal("0.07"), Decimal(quantity), MIDNIGHT_MS, buyer_is_maker=True)
    assert as_told(trade)["quoteQty"] == worth


def test_historical_trades_begin_at_an_id(client: httpx.Client) -> None:
    query: dict[str, str | int] = {"symbol": "BTCUSDT", "fromId": NEWEST_ID}
    answer = client.get("/api/v3/historicalTrades", params=query)
    assert [row["id"] for row in answer.json()] == [NEWEST_ID]
    assert answer.headers["x-wickstream-complete"] == "true"
    assert client.get("/api/v3/historicalTrades", params=query | {"fromId": 10**19}).json() == []


def test_ids_that_are_not_held_are_refused_with_those_that_are(client: httpx.Client) -> None:
    answer = client.get("/api/v3/historicalTrades", params={"symbol": "BTCUSDT", "fromId": 0})
    said = "Of BTCUSDT id 0 is not held here, those from about 1 on are."
    assert answer.status_code == 400
    assert answer.json() == {"code": -1130, "msg": f"Data sent for parameter 'fromId' is not valid. {said}"}
