"""Faults of REST answers and of handshakes: what a host says instead, late, or from an old state."""

from fnmatch import fnmatchcase
from random import Random
from typing import Annotated, Literal, NamedTuple
from zlib import crc32

import msgspec
from msgspec import Meta

from wickstream.exchange.local.doors.archive import Flaw
from wickstream.exchange.local.faults.frame_faults import Count, Fault, Seconds, Share

_HTML = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>"
_WORDS = {
    403: (0, "Forbidden"),
    418: (-1003, "Way too much request weight used; IP banned. Please use WebSocket Streams to avoid bans."),
    429: (-1003, "Too much request weight used; current limit is 6000 request weight per 1 MINUTE."),
    451: (0, "Service unavailable from a restricted location according to 'b. Eligibility'."),
    503: (-1008, "Server is currently overloaded with other requests. Please try again in a few minutes."),
    504: (-1007, "Timeout waiting for response from backend server. Send status unknown; execution status unknown."),
}
_UNKNOWN = (-1000, "An unknown error occurred while processing the request.")
_WAITING_STATUSES = (418, 429)
_SOCKET_PATHS = ("/ws", "/ws/*", "/stream")


class Reply(NamedTuple):
    """An answer in place of the true one."""

    status: int
    body: bytes
    content_type: str
    headers: dict[str, str]


class AnswerFault(Fault, frozen=True, kw_only=True):
    """A fault of some answers.

    Attributes:
        hosts: names of ports: exchange, exchange-api, exchange-archive; `*` is any text.
        paths: as `/api/v3/*`.
        share: of these requests.
    """

    hosts: tuple[str, ...] = ("*",)
    paths: tuple[str, ...] = ("/api/*", "/data/*")
    share: Share = 1.0

    def hits(self, host: str, path: str, random: Random) -> bool:
        """Decide on one request."""
        is_meant = _any_matches(self.hosts, host) and _any_matches(self.paths, path)
        return is_meant and random.random() < self.share


class RestError(AnswerFault, frozen=True, kw_only=True):
    """An error instead of the answer.

    Attributes:
        body: json, as the exchange words it; html, as proxies do; cut, the JSON of a success broken off.
        retry_after_s: 429 and 418 always say when: if nothing is given, at the end of the fault.
    """

    status: Annotated[int, Meta(ge=200, le=599)] = 503
    body: Literal["json", "html", "cut"] = "json"
    retry_after_s: Annotated[int, Meta(ge=0)] | None = None

    def reply(self, *, left_s: float | None) -> Reply:
        """`left_s`: how long the fault is still on; None: nobody knows."""
        retry = self.retry_after_s
        if retry is None and self.status in _WAITING_STATUSES:
            retry = int(left_s) + 1 if left_s is not None else 60
        headers = {} if retry is None else {"Retry-After": str(retry)}
        code, words = _WORDS.get(self.status, _UNKNOWN)
        if self.body == "html":
            return Reply(self.status, _HTML.format(f"{self.status} {words}").encode(), "text/html", headers)
        text = b'[{"id":' if self.body == "cut" else msgspec.json.encode({"code": code, "msg": words})
        return Reply(self.status, text, "application/json", headers)


class RestSlow(AnswerFault, frozen=True, kw_only=True):
    """Answers come `by_s` late."""

    by_s: Seconds


class RestReset(AnswerFault, frozen=True, kw_only=True):
    """The connection is reset instead of an answer."""


class Refuse(AnswerFault, frozen=True, kw_only=True):
    """No new WebSocket: handshakes are reset, or answered with a status."""

    paths: tuple[str, ...] = _SOCKET_PATHS
    status: Annotated[int, Meta(ge=400, le=599)] | None = None


class RestLag(Fault, frozen=True, kw_only=True):
    """historicalTrades, aggTrades and klines are `by_ms` behind.

    Attributes:
        scattered: trades turn up within that time in any order, so that a page may hold a higher id before a lower.
    """

    by_ms: Count
    symbols: tuple[str, ...] = ("*",)
    scattered: bool = False

    def is_meant(self, symbol: str) -> bool:
        """Tell whether it is a fault of this symbol."""
        return _any_matches(self.symbols, symbol)

    def shows(self, trade_id: int, traded_at_ms: int, *, now_ms: int) -> bool:
        """Tell whether a scattered trade has turned up; once it has, it stays."""
        share = crc32(b"%d" % trade_id) / 2**32
        return traded_at_ms + share * self.by_ms <= now_ms


class RestLimit(Fault, frozen=True, kw_only=True):
    """Another weight per minute than the usual; exchangeInfo says so."""

    weight: Count


class ArchiveFlaw(Fault, frozen=True, kw_only=True):
    """Something is wrong with files of the archive; taken off, they are issued anew without.

    Attributes:
        files: names without an ending, as `BTCUSDT-trades-*`.
    """

    flaw: Flaw
    files: tuple[str, ...] = ("*",)

    def is_meant(self, file: str) -> bool:
        """Tell whether it is a fault of this file."""
        return _any_matches(self.files, file)


def _any_matches(patterns: tuple[str, ...], name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
