"""What can never work is refused before anything starts, and no secret is shown."""

from pathlib import Path

import pytest

from wickstream.config import child_environment, read_settings, setting_names
from wickstream.errors import Mistake
from wickstream.events import AlertType
from wickstream.sink_settings import SinkName


@pytest.fixture(autouse=True)
def _nothing_of_the_developer_s(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in setting_names().values():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_alerts_go_to_the_log_unless_told_otherwise() -> None:
    settings = read_settings()

    assert settings.alert_sinks == (SinkName.LOG,)
    assert settings.alert_types == tuple(AlertType)


@pytest.mark.parametrize(
    ("sinks", "missing"),
    [
        ("webhook", "ALERT_WEBHOOK_URL"),
        ("log,slack", "SLACK_WEBHOOK_URL"),
        ("discord", "DISCORD_WEBHOOK_URL"),
        ("telegram", "TELEGRAM_BOT_TOKEN and TELEGRAM_CHAT_ID"),
    ],
)
def test_a_sink_without_its_address_is_a_mistake_that_names_it(sinks: str, missing: str) -> None:
    with pytest.raises(Mistake, match=f"^ALERT_SINKS: .* needs {missing} "):
        read_settings(alert_sinks=sinks)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALERT_SINKS", "pager"),
        ("ALERT_SINKS", ","),
        ("ALERT_TYPES", "whale,fish"),
        ("ALERT_TYPES", ","),
        ("ALERT_SYMBOLS", "BTC/USDT"),
        ("ALERT_SYMBOLS", "quote=USDT"),
        ("ALERT_MIN_USD", "-1"),
        ("ALERT_MIN_USD", "NaN"),
        ("ALERT_COOL_DOWN_SECONDS", "-1"),
        ("ALERT_COOL_DOWN_SECONDS", "1.5"),
        ("TELEGRAM_CHAT_ID", "a channel"),
        ("TELEGRAM_API_URL", "api.telegram.org"),
        ("TELEGRAM_BOT_TOKEN", "12:hush/../hush"),
        ("SLACK_WEBHOOK_URL", "hush"),
        ("SLACK_WEBHOOK_URL", "http://hush.example/hush"),
        ("SLACK_WEBHOOK_URL", "https://[hush"),
        ("ALERT_WEBHOOK_URL", "https://hush.example:hush/"),
        ("DISCORD_WEBHOOK_URL", "file:///hush"),
    ],
)
def test_a_malformed_setting_is_one_line_that_names_it_and_shows_no_secret(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(Mistake, match=f"^{name}: .*env.example") as caught:
        read_settings()
    assert "hush" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_http_is_for_those_who_allow_their_own_network() -> None:
    settings = read_settings(alert_allow_private=True, alert_webhook_url="http://10.0.0.1/hook", alert_sinks="webhook")

    assert settings.alert_sinks == (SinkName.WEBHOOK,)
    assert "10.0.0.1" not in repr(settings)


def test_a_child_sees_the_same_sinks(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read_settings(
        alert_sinks="slack,log,slack", slack_webhook_url="https://h/x", alert_symbols="btcusdt", alert_types="whale"
    )
    for name, value in child_environment(settings).items():
        monkeypatch.setenv(name, value)

    assert read_settings() == settings
    assert settings.alert_sinks == (SinkName.SLACK, SinkName.LOG)
    assert settings.alert_symbols == ("BTCUSDT",)


@pytest.mark.parametrize(
    ("mode", "seconds", "ms"),
    [("fixed", None, 0), ("adaptive", None, 300_000), ("adaptive", 0, 0), ("fixed", 60, 60_000)],
)
def test_the_cool_down_is_as_the_mode_wants_it_unless_set(mode: str, seconds: int | None, ms: int) -> None:
    assert read_settings(alert_mode=mode, alert_cool_down_seconds=seconds).alert_cool_down_ms == ms
