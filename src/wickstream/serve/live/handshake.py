"""What a handshake asks for, and whether it may: paths, pages of other hosts, how many of one address. Pure."""

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote

from websockets.datastructures import Headers
from websockets.exceptions import InvalidHeader
from websockets.headers import parse_subprotocol
from websockets.typing import Subprotocol

from wickstream.serve.front.visitors import Visitor

SUBPROTOCOL = Subprotocol("wickstream")  # of pages, which offer their key beside it


@dataclass(frozen=True)
class Wish:
    """The streams of a URL."""

    streams: list[str]
    is_combined: bool


@dataclass(frozen=True)
class Refusal:
    """An answer that is no 101."""

    status: int
    reason: str


# The one place where a handshake is asked whether this visitor may listen at all, by its headers; None: it may.
MayListen = Callable[[Visitor, Headers], Awaitable[Refusal | None]]


async def everybody_may(_visitor: Visitor, _headers: Headers) -> Refusal | None:
    """No keys are asked for."""
    return None


def wish_of(target: str, most_streams: int) -> Wish | Refusal:
    """`/ws`, `/ws/<stream>/<stream>`, `/stream?streams=<stream>/<stream>`; whether streams exist is never said."""
    encoded, _, query = target.partition("?")
    path = unquote(encoded)
    is_combined = path == "/stream"
    if is_combined:
        names = (parse_qs(query).get("streams") or [""])[0]
    elif path == "/ws" or path.startswith("/ws/"):
        names = path.removeprefix("/ws")
    else:
        return Refusal(404, f"no WebSocket is served at {path[:100]}; /ws, /ws/<stream> and /stream?streams= are")
    streams = [name for name in names.split("/") if name]
    if len(streams) > most_streams:
        return Refusal(400, f"{len(streams)} streams are too many; {most_streams} fit on a connection")
    return Wish(streams, is_combined)


def is_page_of_ours(headers: Headers, allowed: Collection[str]) -> bool:
    """A browser says which page asks; one of another host must not listen as its reader. Programs say nothing."""
    origins, hosts = headers.get_all("Origin"), headers.get_all("Host")
    if not origins or "*" in allowed or set(origins) <= set(allowed):
        return True
    return len(origins) == len(hosts) == 1 and origins[0].lower().partition("://")[2] == hosts[0].lower()


def offers_tokens(headers: Headers) -> bool:
    """Whether the subprotocols are any; else the library's refusal would repeat them, a key among them."""
    try:
        for offered in headers.get_all("Sec-WebSocket-Protocol"):
            parse_subprotocol(offered)
    except InvalidHeader:
        return False
    return True


def spoken(_protocol: object, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """Ours, for who offers it: a browser goes on with nothing else. Clients of the exchange offer what they like."""
    return SUBPROTOCOL if SUBPROTOCOL in offered else None


class Door:
    """Counts who is inside: at most `most` in all, and `of_one` of an address; this machine's own may be spared."""

    def __init__(self, *, most: int, of_one: int, spares_loopback: bool) -> None:
        self._spares_loopback = spares_loopback
        self._most = most
        self._of_one = of_one
        self._inside: Counter[Visitor] = Counter()

    def enter(self, visitor: Visitor) -> Refusal | None:
        """Let in, or say why not; who was let in has to `leave`."""
        if self._inside.total() >= self._most:
            return Refusal(503, f"{self._most} subscribers are all this server takes; try again later")
        is_spared = visitor.is_local and self._spares_loopback
        if not is_spared and self._inside[visitor] >= self._of_one:
            return Refusal(429, f"{self._of_one} connections of one address are open; subscribe to more streams on one")
        self._inside[visitor] += 1
        return None

    def leave(self, visitor: Visitor) -> None:
        """One is gone."""
        self._inside[visitor] -= 1
        if not self._inside[visitor]:
            del self._inside[visitor]
