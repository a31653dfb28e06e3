import logging
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.conftest import SettingsMaker
from tests.scripted_source import ScriptedSource
from tests.serving import served
from tests.unit.serve.fake_tiers import FakeTiers
from tests.unit.serve.front.given_keys import GIVEN, LONG_AGO_MS, a_key, key_text
from wickstream.serve.app import build_app
from wickstream.serve.front import keys as keys_module
from wickstream.serve.front.keys import OFFERED_KEY
from wickstream.serve.live.handshake import SUBPROTOCOL

Brought = dict[str, Any]  # what the client is told to say in its handshake


def in_a_header(key: str | None) -> Brought:
    return {"additional_headers": {"X-API-Key": key_text(key)}} if key else {}


def as_a_subprotocol(key: str | None) -> Brought:
    return {"subprotocols": [SUBPROTOCOL, *([Subprotocol(OFFERED_KEY + key_text(key))] if key else [])]}


def joined(address: str, brought: Brought) -> ClientConnection:
    return connect(f"{address.replace('http', 'ws')}/ws", proxy=None, **brought)


def opened(address: str, brought: Brought) -> int:
    try:
        with joined(address, brought):
            return 101
    except InvalidStatus as exc:
        return exc.response.status_code


def handshake_answer(address: str, offered: str) -> str:
    """All of it, as it came."""
    lines = ["GET /ws HTTP/1.1", "Host: localhost", "Connection: Upgrade", "Upgrade: websocket"]
    lines += ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
    lines += [f"Sec-WebSocket-Protocol: {offered}", "", ""]
    url = httpx.URL(address)
    with socket.create_connection((url.host, url.port or 80), timeout=10) as client:
        client.sendall("\r\n".join(lines).encode())
        said = b""
        while not (said.startswith(b"HTTP/1.1 101") and said.endswith(b"\r\n\r\n")) and (more := client.recv(4_096)):
            said += more
    return said.decode()


@pytest.mark.parametrize("bring", [in_a_header, as_a_subprotocol])
@pytest.mark.parametrize(("mode", "without"), [("optional", 101), ("required", 401)])
def test_a_socket_opens_to_exactly_these_keys(
    make_settings: SettingsMaker, tmp_path: Path, mode: str, without: int, bring: Callable[[str | None], Brought]
) -> None:
    settings = make_settings(tmp_path, source="demo", api_keys=mode)
    app = build_app(settings, open_reader=FakeTiers(keys=GIVEN).opened, open_source=ScriptedSource().opened)
    with served(app) as address:
        found = {
            key: opened(address, bring(key)) for key in (None, "bad", "expired", "revoked", "read", "live", "metrics")
        }
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
        assert [opened(address, {}) for _ in range(5)] == [101] * 3 + [429] * 2


@pytest.fixture(scope="module")
def locked(make_settings: SettingsMaker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = make_settings(tmp_path_factory.mktemp("locked"), source="demo", api_keys="required")
    app = build_app(settings, open_reader=FakeTiers(keys=GIVEN).opened, open_source=ScriptedSource().opened)
    with served(app) as address:
        yield address


@pytest.mark.parametrize("key", ["live", "read", "bad"])
def test_a_key_in_a_handshake_is_never_said_again(
    locked: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, key: str
) -> None:
    caplog.set_level(logging.DEBUG)
    said = handshake_answer(locked, f"wickstream, {OFFERED_KEY}{key_text(key)}")
    assert ("\r\nSec-WebSocket-Protocol: wickstream\r\n" in said) is (key == "live")
    assert key_text(key) not in said + caplog.text + "".join(capfd.readouterr())


def test_nor_is_one_that_is_no_token(locked: str) -> None:
    said = handshake_answer(locked, f"wickstream, {OFFERED_KEY}wks secret")
    assert said.startswith("HTTP/1.1 400 ")
    assert "secret" not in said


@pytest.mark.parametrize("offered", [None, ["binance"], ["binance", "chat"]])
def test_clients_of_the_exchange_offer_what_they_like(locked: str, offered: list[Subprotocol] | None) -> None:
    with joined(locked, in_a_header("live") | {"subprotocols": offered}) as client:
        assert client.subprotocol is None


@pytest.mark.parametrize("bring", [in_a_header, as_a_subprotocol])
def test_who_listens_when_a_key_is_revoked_goes_on_and_nobody_comes_with_it_again(
    make_settings: SettingsMaker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    bring: Callable[[str | None], Brought],
) -> None:
    monkeypatch.setattr(keys_module, "BELIEVED_S", 0.0)
    keys = dict([a_key("desk", "live")])
    settings = make_settings(tmp_path, source="demo", api_keys="required")
    app = build_app(settings, open_reader=FakeTiers(keys=keys).opened, open_source=ScriptedSource().opened)
    with served(app) as address, joined(address, bring("desk")) as client:
        keys.update([a_key("desk", "live", revoked_at=LONG_AGO_MS + 1)])
        assert opened(address, bring("desk")) == 401
        client.send('{"method":"LIST_SUBSCRIPTIONS","id":1}')
        assert client.recv(5) == '{"result":[],"id":1}'
