"""What the sinks of alerts are told: the part of Settings that is theirs."""

import re
from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import NoDecode

from wickstream.events import AlertType
from wickstream.selection import parse_word, split_list


class SinkName(StrEnum):
    """Where alerts may go."""

    LOG = "log"
    WEBHOOK = "webhook"
    SLACK = "slack"
    DISCORD = "discord"
    TELEGRAM = "telegram"


NEEDS = {
    SinkName.LOG: (),
    SinkName.WEBHOOK: ("alert_webhook_url",),
    SinkName.SLACK: ("slack_webhook_url",),
    SinkName.DISCORD: ("discord_webhook_url",),
    SinkName.TELEGRAM: ("telegram_bot_token", "telegram_chat_id"),
}

Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_list)]


class SinkSettings(BaseModel):
    """Fields of Settings; `alert_sinks` comes after the addresses, because it is checked against them."""

    alert_allow_private: bool = False
    alert_webhook_url: SecretStr | None = None
    slack_webhook_url: SecretStr | None = None
    discord_webhook_url: SecretStr | None = None
    telegram_bot_token: SecretStr | None = None
    telegram_chat_id: Annotated[str | None, Field(pattern=r"^(-?\d+|@\w+)$")] = None
    telegram_api_url: str = "https://api.telegram.org"
    alert_sinks: Annotated[tuple[SinkName, ...], NoDecode, BeforeValidator(split_list)] = (SinkName.LOG,)
    alert_types: Annotated[tuple[AlertType, ...], NoDecode, BeforeValidator(split_list), Field(min_length=1)] = tuple(
        AlertType
    )
    alert_symbols: Names = ()  # none named: all
    ticker_stale_seconds: Annotated[int, Field(ge=5, le=86_400)] = 30
    alert_min_usd: Annotated[Decimal, Field(ge=0, allow_inf_nan=False)] = Decimal(0)
    alert_cool_down_seconds: Annotated[int | None, Field(ge=0, le=86_400)] = None  # None: as the alerts' mode wants it

    @field_validator("alert_webhook_url", "slack_webhook_url", "discord_webhook_url")
    @classmethod
    def _is_an_address(cls, url: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if url is not None:
            _check_address(url.get_secret_value(), allow_private=info.data.get("alert_allow_private", False))
        return url

    @field_validator("telegram_api_url")
    @classmethod
    def _is_a_server_of_bots(cls, url: str, info: ValidationInfo) -> str:
        _check_address(url, allow_private=info.data.get("alert_allow_private", False))
        return url.rstrip("/")

    @field_validator("telegram_bot_token")
    @classmethod
    def _is_a_token(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and not re.fullmatch(r"[0-9]+:[A-Za-z0-9_-]+", token.get_secret_value()):
            raise ValueError("a token is needed as BotFather gives it, a number, a colon and letters")
        return token

    @field_validator("alert_symbols")
    @classmethod
    def _as_the_exchange_spells_them(cls, symbols: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(map(_symbol, symbols)))

    @field_validator("alert_sinks")
    @classmethod
    def _each_has_its_address(cls, sinks: tuple[SinkName, ...], info: ValidationInfo) -> tuple[SinkName, ...]:
        if not sinks:
            raise ValueError(f"name at least one of {', '.join(SinkName)}")
        for sink in sinks:
            missing = [name.upper() for name in NEEDS[sink] if info.data.get(name) is None]
            if missing:
                raise ValueError(f"{sink} needs {' and '.join(missing)}")
        return tuple(dict.fromkeys(sinks))


def _symbol(word: str) -> str:
    found = parse_word(word)
    if isinstance(found, str):
        return found
    raise ValueError(f"{found} is a rule; symbols are named here, as BTCUSDT, or none for all")


def _check_address(url: str, *, allow_private: bool) -> None:
    """The message must not show the address: who knows it may write to its channel."""
    try:
        parts = urlsplit(url)
        is_address = bool(parts.hostname) and parts.port != 0
    except ValueError:  # not chained: its text has the address
        is_address = False
    if not is_address or parts.scheme not in {"http", "https"}:
        raise ValueError("an address is needed, as in https://host/path")
    if parts.scheme == "http" and not allow_private:
        raise ValueError("the address must begin with https (http: with ALERT_ALLOW_PRIVATE=true)")
