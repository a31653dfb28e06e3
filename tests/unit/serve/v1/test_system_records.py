from typing import Any

import pytest
from httpx import Client

from tests.sample_market import MIDNIGHT_MS
from tests.unit.serve.fake_tiers import FakeTiers
from wickstream.events import DAY_MS, MINUTE_MS

GAPS = "/api/v1/system/gaps"
INTEGRITY = "/api/v1/system/integrity"
SYMBOLS = "/api/v1/system/symbols"

HOUR_MS = 60 * MINUTE_MS


def pages(client: Client, path: str, **params: Any) -> list[dict[str, Any]]:
    """The bodies of all pages."""
    bodies = [client.get(path, params=params).json()]
    while cursor := bodies[-1].get("next_cursor"):
        bodies.append(client.get(path, params=params | {"cursor": cursor}).json())
    return bodies


def rows(bodies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for body in bodies for row in body["data"]]


def test_an_entry_of_ids_tells_how_many_and_who_brought_them(client: Client) -> None:
    assert client.get(GAPS).json()["data"][0] == {
        "symbol": "BTCUSDT",
        "status": "repaired",
        "first_trade_id": 11,
        "last_trade_id": 20,
        "ids": 10,
        "open_time": None,
        "detected_at": MIDNIGHT_MS + 9_000,
        "filled_by": "rest",
        "evidence": "not filled in time",
    }


def test_a_halt_has_its_minute_and_no_ids(client: Client) -> None:
    row = client.get(GAPS, params={"status": "halted"}).json()["data"][0]
    assert (row["open_time"], row["first_trade_id"], row["ids"]) == (MIDNIGHT_MS, None, 0)


def test_a_list_with_an_open_entry_is_not_complete(client: Client) -> None:
    assert client.get(GAPS).json()["complete"] is False
    assert client.get(GAPS, params={"start": MIDNIGHT_MS + 8_000}).json()["complete"] is True


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_of_the_ledger_are_the_whole_of_it(client: Client, limit: int) -> None:
    found = pages(client, GAPS, limit=limit)
    assert [row["detected_at"] - MIDNIGHT_MS for row in rows(found)] == [9_000, 8_000, 7_000]
    assert all(len(body["data"]) == limit for body in found[:-1])


def test_minutes_by_what_became_of_them_add_up(client: Client) -> None:
    row = client.get(INTEGRITY, params={"start": MIDNIGHT_MS - DAY_MS}).json()["data"][0]
    assert row.pop("symbol") == "BTCUSDT"
    assert row.pop("open_time") == MIDNIGHT_MS - DAY_MS
    assert row.pop("unproven") == 0
    assert row == {"minutes": 60, "complete": 50, "repaired": 3, "quiet": 4, "halted": 2, "missing": 1}


def test_without_a_range_the_last_24_hours_are_counted(client: Client) -> None:
    body = client.get(INTEGRITY).json()
    assert (body["start"], body["end"]) == (MIDNIGHT_MS - DAY_MS - MINUTE_MS, MIDNIGHT_MS - 2 * MINUTE_MS)
    assert body["complete"] is False
    later = client.get(INTEGRITY, params={"start": MIDNIGHT_MS - 30 * MINUTE_MS}).json()
    assert later["complete"] is True


@pytest.mark.parametrize("limit", [1, 7, 24, 25, 50, 1_000])
def test_pages_of_hours_are_the_whole_of_it(client: Client, limit: int) -> None:
    span = {"start": MIDNIGHT_MS - DAY_MS, "end": MIDNIGHT_MS - HOUR_MS}
    found = rows(pages(client, INTEGRITY, limit=limit, **span))
    assert [(row["symbol"], row["open_time"]) for row in found] == [
        (name, hour) for name in ("BTCUSDT", "ETHUSDT") for hour in range(span["start"], span["end"] + 1, HOUR_MS)
    ]


def test_more_than_a_month_of_minutes_is_refused(client: Client) -> None:
    answer = client.get(INTEGRITY, params={"start": MIDNIGHT_MS - 32 * DAY_MS})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:wickstream:problem:too-much")


def test_of_a_symbol_that_is_named_the_whole_history_is_told(client: Client) -> None:
    listed = client.get(SYMBOLS).json()["data"]
    assert [(row["symbol"], len(row["history"])) for row in listed] == [("BTCUSDT", 20), ("ETHUSDT", 20)]
    (named,) = client.get(SYMBOLS, params={"symbol": "ETHUSDT"}).json()["data"]
    assert len(named["history"]) == 1_000


def test_pages_of_symbols_are_the_whole_of_them(client: Client) -> None:
    found = pages(client, SYMBOLS, limit=1)
    assert [row["symbol"] for row in rows(found)] == ["BTCUSDT", "ETHUSDT"]


@pytest.mark.parametrize("path", [GAPS, INTEGRITY, SYMBOLS])
def test_a_symbol_that_is_not_here_is_answered_with_the_nearest_names(client: Client, path: str) -> None:
    answer = client.get(path, params={"symbol": "BTCUSD"})
    assert (answer.status_code, answer.json()["nearest"]) == (404, ["BTCUSDT"])


@pytest.mark.parametrize("path", [GAPS, INTEGRITY, SYMBOLS])
@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("limit=0", 422),
        ("limit=1001", 422),
        ("symbol=%00", 422),
        ("symbol=BTCUSDT&symbol=ETHUSDT", 400),
        ("cursor=x", 400),
        ("cursor=../..", 422),
        ("cursor=" + "A" * 301, 422),
        ("wanted=1", 400),
    ],
)
def test_what_cannot_be_is_refused(client: Client, path: str, query: str, status: int) -> None:
    answer = client.get(f"{path}?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


@pytest.mark.parametrize("path", [GAPS, INTEGRITY])
def test_a_range_that_ends_before_it_begins_is_refused(client: Client, path: str) -> None:
    answer = client.get(path, params={"start": MIDNIGHT_MS + 1, "end": MIDNIGHT_MS})
    assert (answer.status_code, answer.json()["parameter"]) == (422, "start")


def test_a_cursor_of_another_question_is_refused(client: Client) -> None:
    cursor = client.get(GAPS, params={"limit": 1}).json()["next_cursor"]
    assert client.get(GAPS, params={"cursor": cursor, "status": "open"}).status_code == 400
    assert client.get(SYMBOLS, params={"cursor": cursor}).status_code == 400


def test_a_status_that_is_none_is_refused(client: Client) -> None:
    answer = client.get(GAPS, params={"status": "lost"})
    assert answer.status_code == 422
    assert "'candles_only'" in answer.json()["detail"]


@pytest.mark.parametrize("path", [GAPS, INTEGRITY, SYMBOLS])
def test_without_postgresql_nobody_answers(client: Client, tiers: FakeTiers, path: str) -> None:
    tiers.down = True
    answer = client.get(path)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
