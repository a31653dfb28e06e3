"""Only public addresses are connected to, however a private one is written or hidden."""

import asyncio
import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from wickstream.errors import Unpublishable
from wickstream.store.sinks.address import PublicResolver, is_public, require_public_literal

PRIVATE = (
    "127.0.0.1", "127.255.255.254", "0.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.1",
    "169.254.169.254", "100.100.100.200", "192.0.0.192", "168.63.129.16", "224.0.0.1", "255.255.255.255", "240.0.0.1",
    "198.18.0.1", "203.0.113.9",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "fe80::1", "fe80::1%eth0", "fc00::1",
    "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2002:7f00:1::",
    "3fff::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1", "100::1",
)  # fmt: skip
PUBLIC = (
    "8.8.8.8",
    "149.154.167.220",
    "172.32.0.1",
    "172.15.255.255",
    "192.0.1.1",
    "2606:4700::1111",
    "64:ff9b::808:808",
)


@pytest.mark.parametrize("address", PRIVATE)
def test_what_lies_in_some_network_of_its_own_is_not_public(address: str) -> None:
    assert not is_public(address)
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(Unpublishable, match="not a public address"):
        require_public_literal(f"https://{host}/path")


@pytest.mark.parametrize("address", PUBLIC)
def test_what_lies_in_the_open_internet_is(address: str) -> None:
    assert is_public(address)
    host = f"[{address}]" if ":" in address else address
    require_public_literal(f"https://{host}:8443/path")


@pytest.mark.parametrize("host", ["１２７.0.0.1", "①②⑦.0.0.1", "127。0。0。1", "127.0.0.1.", "127.1", "2130706433"])
def test_an_address_in_another_spelling_is_one_too(host: str) -> None:
    with pytest.raises(Unpublishable, match="not a public address"):
        require_public_literal(f"https://{host}/path")


@pytest.mark.parametrize("nothing", ["", "localhost", "1.2.3", "2130706433", "0x7f000001"])
def test_what_is_no_address_is_not_public(nothing: str) -> None:
    assert not is_public(nothing)


class Names(AbstractResolver):
    """Resolves every name to the same addresses."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in self._addresses
        ]

    async def close(self) -> None:
        pass


def resolved(names: AbstractResolver | None, name: str) -> list[str]:
    async def ask() -> list[str]:
        return [one["host"] for one in await PublicResolver(names).resolve(name, 443)]

    return asyncio.run(ask())


def test_a_name_leads_only_to_what_was_checked() -> None:
    assert resolved(Names(*PUBLIC), "hooks.example") == list(PUBLIC)


@pytest.mark.parametrize("addresses", [("10.0.0.1",), ("8.8.8.8", "127.0.0.1"), ("2606:4700::1111", "fe80::1%1")])
def test_a_name_with_any_private_address_is_refused_and_the_refusal_says_why(addresses: tuple[str, ...]) -> None:
    with pytest.raises(Unpublishable, match=f"hooks.example is at {addresses[-1]}, which is not a public address"):
        resolved(Names(*addresses), "hooks.example")


@pytest.mark.parametrize("name", ["localhost", "2130706433", "127.1", "0x7f.1"])
def test_names_that_the_system_takes_for_loopback_are_refused(name: str) -> None:
    with pytest.raises(Unpublishable, match=r"is at .*, which is not a public address"):
        resolved(None, name)
