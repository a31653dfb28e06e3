"""The limits over HTTP, with nobody at Redis' address: counted in the process."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.conftest import SettingsMaker
from tests.serving import served
from tests.unit.serve.fake_tiers import FakeTiers
from wickstream.config import Settings
from wickstream.serve.app import build_app

REALTIME = "/api/v1/market/realtime"


@pytest.fixture
def limited(make_settings: SettingsMaker, tmp_path: Path) -> Settings:
    return make_settings(tmp_path, source="demo", rate_limit_per_minute=5, rate_limit_loopback=True)


@contextmanager
def asking(settings: Settings) -> Iterator[httpx.Client]:
    app = build_app(settings, open_reader=FakeTiers().opened)
    with served(app) as address, httpx.Client(base_url=address, trust_env=False) as client:
        yield client


def test_who_asks_too_often_is_told_when_to_come_again(limited: Settings) -> None:
    with asking(limited) as client:
        answers = [client.get(REALTIME) for _ in range(7)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["4", "3", "2", "1", "0", "0", "0"]
    refused = answers[-1]
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["type"] == "urn:wickstream:problem:too-many-requests"
    assert refused.headers["retry-after"] == refused.headers["x-ratelimit-reset"]
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert "content-security-policy" in refused.headers


def test_made_up_forwarding_gains_nothing(limited: Settings) -> None:
    with asking(limited) as client:
        answers = [client.get(REALTIME, headers={"X-Forwarded-For": f"203.0.113.{n}"}) for n in range(10)]
    assert [answer.status_code for answer in answers].count(200) == 5


def test_behind_a_named_proxy_everybody_has_a_limit_of_their_own(limited: Settings) -> None:
    behind = limited.model_copy(update={"trusted_proxies": ("127.0.0.1",)})
    with asking(behind) as client:
        answers = [
            client.get(REALTIME, headers={"X-Forwarded-For": f"203.0.113.{n}"}) for n in (1, 2) for _ in range(6)
        ]
    assert [answer.status_code for answer in answers] == [*[200] * 5, 429] * 2


def test_programs_of_this_machine_have_no_limit_unless_they_speak_for_others(limited: Settings) -> None:
    spared = limited.model_copy(update={"rate_limit_loopback": False})
    with asking(spared) as client:
        assert [client.get(REALTIME).status_code for _ in range(20)] == [200] * 20
        told = [client.get(REALTIME, headers={"X-Forwarded-For": "127.0.0.1"}).status_code for _ in range(6)]
    assert told == [200] * 5 + [429]


def test_what_orchestrators_ask_is_never_refused(limited: Settings) -> None:
    with asking(limited) as client:
        for path in ("/livez", "/readyz", "/version", "/docs", "/"):
            assert [client.get(path).status_code for _ in range(7)] == [200] * 7


def test_the_drop_in_is_limited_by_weight_in_binances_words(limited: Settings) -> None:
    light = limited.model_copy(update={"rate_limit_weight": 10})
    with asking(light) as client:
        answers = [client.get("/api/v3/klines", params={"symbol": "BTCUSDT", "interval": "1m"}) for _ in range(6)]
    assert [answer.status_code == 429 for answer in answers] == [False] * 5 + [True]
    assert [answer.headers["x-mbx-used-weight-1m"] for answer in answers] == ["2", "4", "6", "8", "10", "10"]
    assert (answers[-1].json()["code"], answers[-1].headers["retry-after"]) == (-1003, "60")
