"""What each service is sent, and that nothing in it means anything to the service."""

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.alerts import whale
from tests.conftest import SettingsMaker
from tests.sink_server import Received, SinkServer, sink_server
from wickstream.events import Notice, Tellable
from wickstream.sink_settings import SinkName
from wickstream.store.sinks.message import line_of
from wickstream.store.sinks.sink import open_sink


@pytest.fixture
def server() -> Iterator[SinkServer]:
    with sink_server() as server:
        yield server


Sent = Any


@pytest.fixture
def send(server: SinkServer, make_settings: SettingsMaker, tmp_path: Path) -> Sent:
    """Sends an alert through a sink; what arrived."""
    settings = make_settings(
        tmp_path,
        alert_allow_private=True,
        alert_webhook_url=f"{server.url}/hook",
        slack_webhook_url=f"{server.url}/services/T0/B0/X",
        discord_webhook_url=f"{server.url}/api/webhooks/0/X?wait=true",
        telegram_api_url=server.url,
        telegram_bot_token="12:ab-C_d",
        telegram_chat_id="-1001",
    )

    def work(name: SinkName, told: Tellable) -> Received:
        with closing(open_sink(name, settings, stop=threading.Event())) as sink:
            assert sink.send(told) == "200 OK"
        return server.received[-1]

    return work


def test_a_webhook_gets_the_alert_as_it_is_in_the_topic_and_a_line_beside_it(send: Sent) -> None:
    got = send(SinkName.WEBHOOK, whale(symbol="币安人生USDT"))

    assert got.path == "/hook"
    assert got.headers["Content-Type"] == "application/json"
    assert got.headers["Idempotency-Key"] == "whale:%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT:1"
    assert got.json["value"] == "1203055.99500000"
    assert got.json["facts"]["side"] == "buy"
    assert got.json["text"] == line_of(whale(symbol="币安人生USDT"))


HOSTILE = whale(symbol="<!channel>&*_~`[x](y)@everyone")


def test_slack_reads_it_as_plain_text(send: Sent) -> None:
    got = send(SinkName.SLACK, HOSTILE)

    assert got.path == "/services/T0/B0/X"
    assert got.json["text"].startswith("&lt;!channel&gt;&amp;*_~`[x](y)@everyone whale: $1.2M bought")
    assert got.json["mrkdwn"] is False


def test_discord_reads_it_as_plain_text_and_calls_nobody(send: Sent) -> None:
    got = send(SinkName.DISCORD, HOSTILE)

    assert got.path == "/api/webhooks/0/X?wait=true"
    assert got.json["content"].startswith(r"\<!channel\>&\*\_\~\`\[x\](y)@everyone whale: $1.2M bought")
    assert got.json["allowed_mentions"] == {"parse": []}


def test_telegram_reads_it_as_plain_text(send: Sent) -> None:
    got = send(SinkName.TELEGRAM, HOSTILE)

    assert got.path == "/bot12:ab-C_d/sendMessage"
    assert got.json["chat_id"] == "-1001"
    assert got.json["text"] == line_of(HOSTILE)
    assert "parse_mode" not in got.json


def test_the_log_takes_everything(send: Sent, make_settings: SettingsMaker, tmp_path: Path) -> None:
    with closing(open_sink(SinkName.LOG, make_settings(tmp_path), stop=threading.Event())) as sink:
        assert sink.send(HOSTILE) == "written"


NOTICE = Notice("silent:BTCUSDT:7", "BTCUSDT", 1_795_348_800_000, "silent: nothing was heard for 45 s")
LINE = "BTCUSDT silent: nothing was heard for 45 s · 2026-11-22 12:00:00.000 UTC"


@pytest.mark.parametrize(("name", "field"), [(SinkName.SLACK, "text"), (SinkName.TELEGRAM, "text")])
def test_a_notice_is_a_line_as_an_alert_is(send: Sent, name: SinkName, field: str) -> None:
    assert send(name, NOTICE).json[field] == LINE


def test_a_webhook_gets_a_notice_with_its_id(send: Sent) -> None:
    got = send(SinkName.WEBHOOK, NOTICE)
    assert got.headers["Idempotency-Key"] == NOTICE.notice_id
    assert got.json == {
        "notice_id": NOTICE.notice_id, "subject": "BTCUSDT", "at": NOTICE.at, "what": NOTICE.what, "text": LINE,
    }  # fmt: skip
