"""Whose request it is: the address that limits and connections are counted by. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from wickstream.api_settings import Network

Address = IPv4Address | IPv6Address
Headers = Iterable[tuple[bytes, bytes]]  # names in lower case, as ASGI has them

OF_ONE_VISITOR = 64  # bits of an IPv6 address: whoever has one address has the 2^64 beside it
MAX_HOPS = 16
NOBODY = "unknown"  # a peer without an address, as of a socket file: all of them are one visitor

FORWARDED_HEADERS = _FORWARDED_FOR, _FORWARDED = b"x-forwarded-for", b"forwarded"


@dataclass(frozen=True)
class Visitor:
    """One client, as far as addresses tell.

    Attributes:
        name: an IPv4 address, or the network of an IPv6 address: `192.0.2.7`, `2001:db8:1:2::/64`.
        is_local: a process of this machine that speaks for nobody else.
    """

    name: str
    is_local: bool


def visitor_of(peer: str | None, headers: Headers, trusted: Sequence[Network]) -> Visitor:
    """Who asks, seen from the peer's address, which nobody can make up.

    What a header says is believed as far as trusted peers wrote it: from the right, until an address that is not
    trusted, or until what is no address. If both headers are there and lead to different visitors, one of them is the
    client's own invention, and the peer itself is the visitor.
    """
    near = _address(peer or "")
    if near is None:
        return Visitor(NOBODY, is_local=False)
    told = [(name, value) for name, value in headers if name in FORWARDED_HEADERS]
    found = {
        _farthest(near, hops, trusted)
        for hops in (_hops(told, _FORWARDED_FOR), list(map(_for, _hops(told, _FORWARDED))))
        if hops
    }
    asking = found.pop() if len(found) == 1 else near
    return Visitor(_name(asking), is_local=not told and near.is_loopback)


def _farthest(near: Address, hops: Sequence[str], trusted: Sequence[Network]) -> Address:
    for hop in reversed(hops):
        before = _address(hop)
        if before is None or not any(near in network for network in trusted):
            break
        near = before
    return near


def _hops(headers: Headers, wanted: bytes) -> list[str]:
    values = b",".join(value for name, value in headers if name == wanted)
    return [hop.strip() for hop in values.decode("latin-1").split(",")[-MAX_HOPS:]] if values else []


def _for(element: str) -> str:
    """`for="[2001:db8::1]:4711";proto=https` names an address; two of them, or none, name nobody."""
    found = list(_values(element, "for"))
    return found[0] if len(found) == 1 else ""


def _values(element: str, wanted: str) -> Iterator[str]:
    for pair in element.split(";"):
        name, _, value = pair.partition("=")
        if name.strip().lower() == wanted:
            yield value.strip().strip('"')


def _address(text: str) -> Address | None:
    """Of `192.0.2.7`, `192.0.2.7:80`, `2001:db8::1`, `[2001:db8::1]:80`; an IPv4 address in IPv6's clothes is one."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def _name(address: Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(ip_network((address, OF_ONE_VISITOR), strict=False))
