"""Which addresses a sink may be at: public ones only, so that a setting cannot reach into the network we run in."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from socket import AF_INET, AF_UNSPEC, AddressFamily

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from wickstream.errors import Unpublishable

_NOT_PUBLIC_4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",  # carriers' NAT, and a cloud's metadata
            "127.0.0.0/8",
            "168.63.129.16/32",  # a cloud's metadata, at an address that looks public
            "169.254.0.0/16",  # link-local, and most clouds' metadata
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3",  # multicast, reserved, broadcast
        ),
    )
)
_PUBLIC_6 = IPv6Network("2000::/3")  # all that is given out; loopback, link-local, private and multicast lie elsewhere
_NOT_PUBLIC_6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocols' own, with tunnels that carry an IPv4 address inside
            "2001:db8::/32",
            "2002::/16",  # a tunnel too
            "3fff::/20",
        ),
    )
)
_TRANSLATED = IPv6Network("64:ff9b::/96")  # IPv4 as seen from a network that has only IPv6


def is_public(address: str) -> bool:
    """Whether an address lies in the open internet, for all we know; False for what is no address."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return _is_public_4(ip) if isinstance(ip, IPv4Address) else _is_public_6(ip)


def _is_public_4(ip: IPv4Address) -> bool:
    return not any(ip in network for network in _NOT_PUBLIC_4)


def _is_public_6(ip: IPv6Address) -> bool:
    if ip in _TRANSLATED:
        return _is_public_4(IPv4Address(int(ip) & 0xFFFF_FFFF))
    return ip in _PUBLIC_6 and not any(ip in network for network in _NOT_PUBLIC_6)


def require_public_literal(url: str) -> None:
    """Check a host that the HTTP client takes for an address: such a host is never resolved, so no resolver sees it.

    Raises:
        Unpublishable: If it is not public.
        ValueError: If `url` is none.
    """
    host = URL(url).host or ""  # as the client reads it: digits of other scripts have become plain ones
    if ":" in host or host.replace(".", "").isdigit():
        _require_public(host, host)


class PublicResolver(AbstractResolver):
    """Resolves once; who connects to what it gives connects to what was checked, whatever the name means by then."""

    def __init__(self, inner: AbstractResolver | None = None) -> None:
        self._inner = inner or ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: AddressFamily = AF_INET) -> list[ResolveResult]:
        """All addresses of a name.

        Raises:
            Unpublishable: If any of them is not public.
            OSError: If there are none.
        """
        found = await self._inner.resolve(host, port, family or AF_UNSPEC)
        for one in found:
            _require_public(one["host"], host)
        return found

    async def close(self) -> None:
        """Let go of what resolves."""
        await self._inner.close()


def _require_public(address: str, host: str) -> None:
    if not is_public(address):
        named = host if address == host else f"{host} is at {address}, which"
        raise Unpublishable(f"{named} is not a public address (ALERT_ALLOW_PRIVATE=true would allow it)")
