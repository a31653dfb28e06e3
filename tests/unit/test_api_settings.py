"""Whom the API serves."""

from ipaddress import ip_network
from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.conftest import SettingsMaker


def test_trusted_proxies_are_addresses_and_networks(make_settings: SettingsMaker, tmp_path: Path) -> None:
    settings = make_settings(tmp_path, trusted_proxies="10.0.0.5, 172.18.0.0/16,fd00::/8")
    assert settings.trusted_networks == tuple(map(ip_network, ("10.0.0.5", "172.18.0.0/16", "fd00::/8")))
    assert make_settings(tmp_path).trusted_networks == ()


@pytest.mark.parametrize("word", ["proxy.example.com", "10.0.0.5/8", "*", "10.0.0"])
def test_a_proxy_that_is_no_address_stops_the_process(make_settings: SettingsMaker, tmp_path: Path, word: str) -> None:
    with pytest.raises(ValidationError, match="addresses and networks are needed, as in"):
        make_settings(tmp_path, trusted_proxies=word)
