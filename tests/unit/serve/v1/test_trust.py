"""What trust rests on, over HTTP."""

from httpx import Client

from tests.sample_market import MIDNIGHT_MS
from tests.unit.serve.fake_tiers import FakeTiers
from wickstream.events import MINUTE_MS

HOUR = "/api/v1/system/integrity/BTCUSDT"
PROOFS = "/api/v1/system/proofs"
AGREEMENT = "/api/v1/system/agreement"
HOUR_MS = 60 * MINUTE_MS


def test_an_hour_is_told_minute_by_minute_with_what_the_ledger_has_of_it(client: Client) -> None:
    body = client.get(HOUR, params={"at": MIDNIGHT_MS - 90_000}).json()
    assert (body["symbol"], body["hour"], body["complete"]) == ("BTCUSDT", MIDNIGHT_MS - HOUR_MS, False)
    states = [row["state"] for row in body["data"]]
    assert (len(states), states[:3], set(states[2:])) == (59, ["repaired", "missing", "quiet"], {"quiet"})
    assert body["data"][1]["trade_count"] is None
    assert [gap["status"] for gap in body["gaps"]] == ["repaired", "open"]
    assert body["open_entries"] == 1


def test_without_a_time_it_is_the_newest_hour_as_far_as_its_minutes_are_due(client: Client) -> None:
    body = client.get(HOUR).json()
    assert body["hour"] == MIDNIGHT_MS - HOUR_MS
    assert body["data"][-1]["open_time"] == MIDNIGHT_MS - 2 * MINUTE_MS  # the one before now ended 7 ms ago


def test_an_hour_of_nobody_is_not_found(client: Client) -> None:
    assert client.get("/api/v1/system/integrity/NOBODY").status_code == 404


def test_runs_are_told_the_newest_first_with_what_they_found(client: Client) -> None:
    body = client.get(PROOFS).json()
    assert [(row["kind"], row["passed"]) for row in body["data"]] == [
        ("validate", True),
        ("verify", True),
        ("validate", False),
    ]
    assert body["data"][2]["checks"][0]["faults"][0]["what"] == "no candle"
    assert body["complete"] is True  # what failed was made up for


def test_a_proof_of_all_times_has_neither_start_nor_end(client: Client) -> None:
    (row,) = client.get(PROOFS, params={"kind": "verify"}).json()["data"]
    assert (row["start"], row["end"]) == (None, None)


def test_another_kind_of_run_is_refused(client: Client) -> None:
    assert client.get(PROOFS, params={"kind": "guess"}).status_code == 422


def test_two_counts_are_compared_symbol_by_symbol(client: Client) -> None:
    body = client.get(AGREEMENT).json()
    assert [row["symbol"] for row in body["data"]] == ["BTCUSDT", "DOTUSDT", "ETHUSDT"]
    assert body["data"][0]["differing"] == [{"open_time": MIDNIGHT_MS, "what": "volume 4 here, 5 live"}]
    assert body["complete"] is False
    assert client.get(AGREEMENT, params={"symbol": "ETHUSDT"}).json()["complete"] is True


def test_pages_of_it_are_the_whole_of_it(client: Client) -> None:
    first = client.get(AGREEMENT, params={"limit": 2}).json()
    second = client.get(AGREEMENT, params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [row["symbol"] for row in first["data"] + second["data"]] == ["BTCUSDT", "DOTUSDT", "ETHUSDT"]
    assert "next_cursor" not in second


def test_while_postgres_is_away_nobody_can_tell(client: Client, tiers: FakeTiers) -> None:
    tiers.down = True
    assert [client.get(path).status_code for path in (HOUR, PROOFS, AGREEMENT)] == [503, 503, 503]
