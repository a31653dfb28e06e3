"""Whom the API serves, and how much of it: the part of Settings that says so."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field, field_validator
from pydantic_settings import NoDecode

from wickstream.selection import split_list

Network = IPv4Network | IPv6Network
Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_list)]


class ApiSettings(BaseModel):
    """Fields of Settings."""

    environment: Annotated[Literal["development", "production"], Field(alias="WICKSTREAM_ENV")] = "development"
    trusted_proxies: Words = ()
    rate_limit_per_minute: Annotated[int, Field(ge=1)] = 100
    rate_limit_weight: Annotated[int, Field(ge=1)] = 6_000
    rate_limit_loopback: bool = False
    request_seconds: Annotated[float, Field(gt=0, le=600)] = 30.0
    requests_at_once: Annotated[int, Field(ge=1)] = 200
    hot_answer_ms: Annotated[int, Field(ge=0, le=250)] = 250
    cors_origins: Words = ()
    api_keys: Literal["optional", "required"] | None = None
    api_workers: Annotated[int, Field(ge=1, le=64)] = 1
    process_hosts: Literal["here", "by-name"] = "here"
    grafana_url: str | None = None
    airflow_url: str | None = None
    subscribers: Annotated[int, Field(ge=1)] = 4_000
    subscribers_per_address: Annotated[int, Field(ge=1)] = 20

    @field_validator("trusted_proxies")
    @classmethod
    def _are_addresses(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        for word in words:
            try:
                ip_network(word)
            except ValueError as exc:
                raise ValueError(f"{exc}; addresses and networks are needed, as in 10.0.0.5,172.18.0.0/16") from exc
        return words

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        for word in words:
            if word != "*" and not re.fullmatch(r"https?://[^/\s@]+", word):
                raise ValueError(f"{word!r} is no origin; they are written as https://app.example.com, or * for all")
        return words

    @field_validator("grafana_url", "airflow_url")
    @classmethod
    def _is_a_link(cls, url: str | None) -> str | None:
        if url is not None and not re.fullmatch(r"https?://[^/\s@]+(/\S*)?", url):
            raise ValueError(f"{url!r} is no address of a page; they are written as https://grafana.example.com/")
        return url

    @property
    def trusted_networks(self) -> tuple[Network, ...]:
        """`TRUSTED_PROXIES`, read."""
        return tuple(map(ip_network, self.trusted_proxies))

    @property
    def is_production(self) -> bool:
        """Whether weak secrets are refused, and everybody is limited."""
        return self.environment == "production"

    @property
    def needs_keys(self) -> bool:
        """Whether nobody reads data without a key."""
        return self.api_keys == "required"

    @property
    def spares_loopback(self) -> bool:
        """Whether programs on this machine have no limits."""
        return not self.rate_limit_loopback and not self.is_production
