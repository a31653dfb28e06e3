from httpx import Client

from tests.sample_market import MIDNIGHT_MS
from tests.unit.serve.fake_tiers import FakeTiers
from wickstream.events import MINUTE_MS

HEALTH = "/api/v1/system/health"


def test_health_names_every_component_and_the_source(client: Client) -> None:
    body = client.get(HEALTH).json()
    assert (body["status"], body["source"], body["lag_ms"]) == ("degraded", "demo", 7)  # no server listens here
    assert body["components"] == {name: {"state": "down"} for name in ("kafka", "redis", "postgres")}
    assert body["tiers"]["warm"] == {"state": "up", "newest_closed": MIDNIGHT_MS + MINUTE_MS}
    assert body["tiers"]["cold"] == {"state": "down", "newest_closed": None}


def test_health_is_still_answered_when_nothing_else_is(client: Client, tiers: FakeTiers) -> None:
    tiers.down = True
    answer = client.get(HEALTH)
    assert (answer.status_code, answer.json()["status"], answer.json()["as_of"]) == (200, "down", None)


def test_a_process_without_tiers_is_alive_but_not_ready(client: Client, tiers: FakeTiers) -> None:
    assert client.get("/readyz").status_code == 200
    tiers.down = True
    assert client.get("/livez").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


def test_metrics_count_by_route_and_never_by_what_a_client_sent(client: Client) -> None:
    client.get("/api/v1/analytics/klines/NEVERHEARD1")
    client.get("/api/v1/never-heard-2")
    text = client.get("/metrics").text
    assert 'wickstream_api_requests_total{route="/api/v1/analytics/klines/{symbol}",status="404"}' in text
    assert "NEVERHEARD1" not in text
    assert "never-heard-2" not in text


def test_the_version_is_the_packages(client: Client) -> None:
    assert client.get("/version").json()["name"] == "wickstream"
