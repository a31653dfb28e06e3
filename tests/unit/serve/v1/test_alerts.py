from typing import Any

import pytest
from httpx import Client

from tests.alerts import AT_MS
from tests.unit.serve.fake_tiers import FakeTiers

ALERTS = "/api/v1/analytics/alerts"


def numbers(client: Client, query: str = "", path: str = ALERTS) -> list[str]:
    rows: list[dict[str, Any]] = client.get(f"{path}?{query}").json()["data"]
    return [row["alert_id"].rpartition(":")[2] for row in rows if row["type"] == "whale"]


def test_alerts_come_newest_first_with_the_facts_that_explain_them(client: Client) -> None:
    answer = client.get(ALERTS).json()
    times = [row["at"] for row in answer["data"]]
    assert times == sorted(times, reverse=True)
    newest = answer["data"][0]
    assert (newest["alert_id"], newest["value"], newest["facts"]["side"]) == (
        "whale:BTCUSDT:9",
        "900000.00000000",
        "buy",
    )
    assert answer["sources"] == ["demo", "warm"]


def test_each_type_has_a_route_of_its_own(client: Client) -> None:
    found = {
        path: {row["type"] for row in client.get(f"{ALERTS}/{path}").json()["data"]}
        for path in ("whale-alerts", "sweeps", "volume-spikes", "price-spikes")
    }
    assert found == {
        "whale-alerts": {"whale"}, "sweeps": set(), "volume-spikes": set(), "price-spikes": {"price_spike"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("type=whale&limit=2", "98"),
        ("symbol=ETHUSDT", ""),
        ("min_value=800000", "98"),
        ("min_value=800000.00000001", "9"),
        (f"start={AT_MS + 4_000}", "98"),
        (f"end={AT_MS}", "1"),
        ("late=true", ""),
        ("final=false", ""),
        ("final=true&min_value=700000", "987"),
    ],
)
def test_what_is_asked_for_is_what_comes(client: Client, query: str, left: str) -> None:
    assert "".join(numbers(client, query)) == left


@pytest.mark.parametrize("limit", range(1, 12))
def test_pages_are_the_whole_also_where_many_are_of_one_time(client: Client, limit: int) -> None:
    address: str | None = f"{ALERTS}?limit={limit}"
    walked: list[str] = []
    while address:
        answer = client.get(address)
        walked += [row["alert_id"] for row in answer.json()["data"]]
        address = answer.links.get("next", {}).get("url")
    assert walked == [row["alert_id"] for row in client.get(ALERTS).json()["data"]]


@pytest.mark.parametrize("value", ["-1", "1e5", "٣", "1.2.3", "", ".", "9" * 31, "NaN"])
def test_an_amount_that_is_none_is_refused(client: Client, value: str) -> None:
    answer = client.get(ALERTS, params={"min_value": value})
    assert (answer.status_code, answer.json()["parameter"]) == (422, "min_value")


def test_a_cursor_of_one_route_is_of_no_use_to_another(client: Client) -> None:
    cursor = client.get(ALERTS, params={"limit": 1}).json()["next_cursor"]
    assert client.get(f"{ALERTS}/sweeps", params={"limit": 1, "cursor": cursor}).status_code == 400


def test_a_route_of_a_type_takes_no_other(client: Client) -> None:
    answer = client.get(f"{ALERTS}/sweeps", params={"type": "whale"})
    assert (answer.status_code, answer.json()["known"][0]) == (400, "symbol")


def test_a_tier_that_is_away_is_named(client: Client, tiers: FakeTiers) -> None:
    tiers.away = ("cold",)
    answer = client.get(ALERTS).json()
    assert (answer["complete"], answer["away"]) == (False, ["cold"])
