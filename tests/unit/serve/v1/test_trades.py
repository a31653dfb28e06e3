import csv
from io import StringIO
from typing import Any

import pytest
from httpx import Client

from tests.sample_market import MIDNIGHT_MS
from tests.unit.serve.fake_tiers import NEWEST_ID, OLDEST_ID, FakeTiers

TRADES = "/api/v1/analytics/trades/BTCUSDT"


def ids(rows: list[dict[str, Any]]) -> list[int]:
    return [row["trade_id"] for row in rows]


def walked(client: Client, query: str) -> list[list[int]]:
    """The ids of each page, as its links lead on."""
    address: str | None = f"{TRADES}?{query}"
    found = []
    while address:
        answer = client.get(address)
        assert answer.status_code == 200
        found.append(ids(answer.json()["data"]))
        address = answer.links.get("next", {}).get("url")
    return found


def test_a_trade_is_told_with_the_exact_product_of_price_and_quantity(client: Client) -> None:
    answer = client.get(TRADES, params={"from_id": 7, "limit": 1}).json()
    assert answer["data"] == [
        {
            "symbol": "BTCUSDT",
            "trade_id": 7,
            "price": "100.50000000",
            "quantity": "0.20000000",
            "quote_quantity": "20.10000000",
            "traded_at": MIDNIGHT_MS + 7_000,
            "buyer_is_maker": False,
            "counts": True,
        }
    ]
    assert (answer["complete"], answer["missing"], answer["sources"]) == (True, [], ["demo", "lane"])


@pytest.mark.parametrize("limit", [400, 999, 1_000])
@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        (f"from_id={OLDEST_ID}", OLDEST_ID, NEWEST_ID),
        ("from_id=1200", 1_200, NEWEST_ID),
        (f"start={MIDNIGHT_MS + 1_500}", 2, NEWEST_ID),
        (f"start={MIDNIGHT_MS + 100_000}&end={MIDNIGHT_MS + 1_700_000}", 100, 1_700),
    ],
)
def test_forward_pages_are_the_whole_range(client: Client, query: str, first: int, last: int, limit: int) -> None:
    pages = walked(client, f"{query}&limit={limit}")
    assert [one for page in pages for one in page] == list(range(first, last + 1))


@pytest.mark.parametrize("limit", [600, 1_000])
@pytest.mark.parametrize(("query", "last"), [(f"end={MIDNIGHT_MS + 1_700_999}", 1_700), ("format=json", NEWEST_ID)])
def test_backward_pages_are_the_whole_past(client: Client, query: str, last: int, limit: int) -> None:
    pages = walked(client, f"{query}&limit={limit}")
    assert [one for page in reversed(pages) for one in page] == list(range(OLDEST_ID, last + 1))


def test_csv_has_the_same_values(client: Client) -> None:
    rows = client.get(TRADES, params={"limit": 3}).json()["data"]
    answer = client.get(TRADES, params={"limit": 3, "format": "csv"})
    assert list(csv.DictReader(StringIO(answer.text))) == [
        {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in row.items()}
        for row in rows
    ]
    assert answer.links["next"]["url"].startswith(TRADES)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("from_id=-1", "from_id"),
        (f"from_id={2**63}", "from_id"),
        (f"from_id=1&start={MIDNIGHT_MS}", "start"),
        (f"start={MIDNIGHT_MS + 1}&end={MIDNIGHT_MS}", "start"),
        ("start=12", "start"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_reason(client: Client, query: str, parameter: str) -> None:
    answer = client.get(f"{TRADES}?{query}")
    assert (answer.status_code, answer.json()["parameter"]) == (422, parameter)


def test_a_store_that_is_away_is_named(client: Client, tiers: FakeTiers) -> None:
    tiers.away = ("cold",)
    assert client.get(TRADES).json()["away"] == ["cold"]
