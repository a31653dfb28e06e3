from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.conftest import SettingsMaker
from tests.scripted_source import ScriptedSource
from tests.serving import served
from tests.unit.serve.fake_tiers import FakeTiers
from tests.unit.serve.front.given_keys import GIVEN, key_text
from wickstream.serve.app import build_app


def opened(address: str, key: str | None) -> int:
    headers = {"X-API-Key": key_text(key)} if key else None
    try:
        with connect(f"{address.replace('http', 'ws')}/ws", additional_headers=headers, proxy=None):
            return 101
    except InvalidStatus as exc:
        return exc.response.status_code


@pytest.mark.parametrize(("mode", "without"), [("optional", 101), ("required", 401)])
def test_a_socket_opens_to_exactly_these_keys(
    make_settings: SettingsMaker, tmp_path: Path, mode: str, without: int
) -> None:
    settings = make_settings(tmp_path, source="demo", api_keys=mode)
    app = build_app(settings, open_reader=FakeTiers(keys=GIVEN).opened, open_source=ScriptedSource().opened)
    with served(app) as address:
        found = {key: opened(address, key) for key in (None, "bad", "expired", "revoked", "read", "live", "metrics")}
    assert found == {
        None: without,
        "bad": 401,
        "expired": 401,
        "revoked": 401,
        "read": 403,
        "live": 101,
        "metrics": 403,
    }


def test_handshakes_are_counted_with_requests(make_settings: SettingsMaker, tmp_path: Path) -> None:
    settings = make_settings(tmp_path, source="demo", rate_limit_per_minute=3, rate_limit_loopback=True)
    app = build_app(settings, open_reader=FakeTiers().opened, open_source=ScriptedSource().opened)
    with served(app) as address:
        assert [opened(address, None) for _ in range(5)] == [101] * 3 + [429] * 2
