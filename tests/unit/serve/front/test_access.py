"""Every route of the API by every kind of key: the whole table."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from starlette.routing import BaseRoute

from tests.conftest import SettingsMaker
from tests.serving import served
from tests.unit.serve.fake_tiers import FakeTiers
from tests.unit.serve.front.given_keys import GIVEN, key_text
from wickstream.serve.app import build_app

KEYS = ("none", "bad", "expired", "revoked", "read", "live", "metrics")
OPEN = dict.fromkeys(KEYS, "open")


def needing(scope: str) -> dict[str, str]:
    """`none` where keys are required; where they are optional it opens all."""
    refused = {"none": "401", "bad": "401", "expired": "401", "revoked": "401"}
    return refused | {name: "open" if name == scope else "403" for name in ("read", "live", "metrics")}


# What each route needs. A route that is not here fails the test.
TABLE = {
    "/": OPEN,  # the page
    "/docs": OPEN,
    "/openapi.json": OPEN,
    "/livez": OPEN,
    "/readyz": OPEN,
    "/version": OPEN,
    "/metrics": needing("metrics"),
    "/api/v1/market/realtime": needing("read"),
    "/api/v1/market/summary": needing("read"),
    "/api/v1/market/ticker-health": needing("read"),
    "/api/v1/market/top-by-trades": needing("read"),
    "/api/v1/market/top-by-volume": needing("read"),
    "/api/v1/market/sparklines": needing("read"),
    "/api/v1/analytics/klines/{symbol}": needing("read"),
    "/api/v1/analytics/trades/{symbol}": needing("read"),
    "/api/v1/analytics/alerts": needing("read"),
    "/api/v1/analytics/alerts/whale-alerts": needing("read"),
    "/api/v1/analytics/alerts/sweeps": needing("read"),
    "/api/v1/analytics/alerts/volume-spikes": needing("read"),
    "/api/v1/analytics/alerts/price-spikes": needing("read"),
    "/api/v3/avgPrice": needing("read"),
    "/api/v3/exchangeInfo": needing("read"),
    "/api/v3/historicalTrades": needing("read"),
    "/api/v3/klines": needing("read"),
    "/api/v3/ping": needing("read"),
    "/api/v3/ticker/24hr": needing("read"),
    "/api/v3/ticker/price": needing("read"),
    "/api/v3/time": needing("read"),
    "/api/v3/trades": needing("read"),
    "/api/v3/{name:path}": needing("read"),
    "/api/v1/analytics/trades-count": needing("read"),
    "/api/v1/stream": needing("live"),
    "/api/v1/system/health": needing("read"),
    "/api/v1/system/gaps": needing("read"),
    "/api/v1/system/integrity": needing("read"),
    "/api/v1/system/integrity/{symbol}": needing("read"),
    "/api/v1/system/agreement": needing("read"),
    "/api/v1/system/components": needing("read"),
    "/api/v1/system/proofs": needing("read"),
    "/api/v1/system/symbols": needing("read"),
}


def routes_of(routes: list[BaseRoute]) -> Iterator[str]:
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from routes_of(inner.routes)
        else:
            yield getattr(route, "path", "?") or "/"


def outcome(answer: httpx.Response) -> str:
    return str(answer.status_code) if answer.status_code in (401, 403) else "open"


@pytest.fixture(scope="module")
def apps(make_settings: SettingsMaker, tmp_path_factory: pytest.TempPathFactory) -> dict[str, FastAPI]:
    settings = make_settings(tmp_path_factory.mktemp("keys"), source="demo")
    modes = {mode: settings.model_copy(update={"api_keys": mode}) for mode in ("optional", "required")}
    return {mode: build_app(of, open_reader=FakeTiers(keys=GIVEN).opened) for mode, of in modes.items()}


def test_no_route_is_missing_in_the_table(apps: dict[str, FastAPI]) -> None:
    assert set(routes_of(apps["required"].routes)) == set(TABLE)


@pytest.mark.parametrize("mode", ["optional", "required"])
def test_each_route_opens_to_exactly_these_keys(apps: dict[str, FastAPI], mode: str) -> None:
    with served(apps[mode]) as address, httpx.Client(base_url=address, trust_env=False) as client:
        found = {route: {key: outcome(ask(client, route, key)) for key in KEYS} for route in TABLE}
    expected = TABLE if mode == "required" else {route: row | {"none": "open"} for route, row in TABLE.items()}
    assert found == expected


def ask(client: httpx.Client, route: str, key: str) -> httpx.Response:
    headers = {} if key == "none" else {"X-API-Key": key_text(key)}
    asked = client.build_request("GET", re.sub(r"{.*}", "BTCUSDT", route), headers=headers)
    answer = client.send(asked, stream=True)
    if not answer.headers["content-type"].startswith("text/event-stream"):  # which has no end
        answer.read()
    answer.close()
    return answer


def test_a_refusal_says_what_to_do_and_nothing_of_the_key(apps: dict[str, FastAPI]) -> None:
    with served(apps["required"]) as address, httpx.Client(base_url=address, trust_env=False) as client:
        missing = client.get("/api/v1/market/realtime")
        wrong = ask(client, "/api/v1/market/realtime", "live")
        guessed = client.get("/api/v1/market/realtime", headers={"X-API-Key": "wks_guessed_secret"})
    assert missing.json()["detail"] == "a key is needed: send it as the header X-API-Key"
    assert wrong.json()["detail"] == "the key live has not the scope read, which this needs"
    assert "secret" not in guessed.text


def test_prometheus_sends_its_key_as_a_bearer_which_opens_nothing_else(apps: dict[str, FastAPI]) -> None:
    def asked(path: str, name: str) -> int:
        return client.get(path, headers={"Authorization": f"Bearer {key_text(name)}"}).status_code

    with served(apps["required"]) as address, httpx.Client(base_url=address, trust_env=False) as client:
        assert {name: asked("/metrics", name) for name in ("metrics", "read", "expired", "bad")} == {
            "metrics": 200,
            "read": 403,
            "expired": 401,
            "bad": 401,
        }
        assert client.get("/metrics", headers={"Authorization": "Basic bWU6"}).status_code == 401
        assert asked("/api/v1/market/realtime", "read") == 401


def test_on_v3_keys_are_sent_and_refused_as_binance_has_it(apps: dict[str, FastAPI]) -> None:
    path = "/api/v3/klines?symbol=BTCUSDT&interval=1m"
    with served(apps["required"]) as address, httpx.Client(base_url=address, trust_env=False) as client:
        assert client.get(path).json()["code"] == -2014
        wrong = client.get(path, headers={"X-MBX-APIKEY": key_text("live")})
        assert (wrong.status_code, wrong.json()["code"]) == (403, -2015)
        assert client.get(path, headers={"X-MBX-APIKEY": key_text("read")}).status_code not in (401, 403)


def test_a_key_may_have_a_limit_of_its_own_here_too(apps: dict[str, FastAPI]) -> None:
    with served(apps["optional"]) as address, httpx.Client(base_url=address, trust_env=False) as client:
        answers = [ask(client, "/api/v1/market/realtime", "two-a-minute").status_code for _ in range(4)]
        assert client.get("/api/v1/market/realtime").status_code == 200
    assert answers == [200, 200, 429, 429]


def test_while_postgresql_is_away_keys_open_nothing(make_settings: SettingsMaker, tmp_path: Path) -> None:
    settings = make_settings(tmp_path, source="demo", api_keys="optional")
    with (
        served(build_app(settings, open_reader=FakeTiers(down=True, keys=GIVEN).opened)) as address,
        httpx.Client(base_url=address, trust_env=False) as client,
    ):
        answer = ask(client, "/metrics", "metrics")
        assert client.get("/metrics").status_code == 200
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
