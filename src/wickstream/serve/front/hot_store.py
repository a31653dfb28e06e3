"""Answers that are kept for a moment: as they were made, and as they were compressed."""

import asyncio
import time
import zlib
from collections.abc import Callable, Sequence
from enum import Enum, auto
from functools import cached_property
from http import HTTPStatus

import xxhash

from wickstream.serve.front.hot_names import HotName
from wickstream.serve.front.middleware import with_security

MOST_BYTES = 16_000_000
LARGEST_BYTES = 2_000_000
LEAST_TO_COMPRESS = 1_000
_FAST = 1  # a moment's answer is not worth more

RawHeaders = list[tuple[bytes, bytes]]


class Form(Enum):
    """How an answer is given."""

    PLAIN = auto()
    GZIP = auto()
    KNOWN = auto()  # the client has it


class Reply:
    """An answer in one of its forms: the same for all who take that."""

    def __init__(self, status: int, headers: RawHeaders, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @cached_property
    def head(self) -> bytes:
        """Status line and headers as they are sent, to which others may be added."""
        status_line = f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}\r\n"
        return status_line.encode() + lines_of(with_security(self.headers))


def lines_of(headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """As they are sent."""
    return b"".join([name + b": " + value + b"\r\n" for name, value in headers])


class Answer:
    """One answer of the application.

    Attributes:
        asked_s: when it was begun to be made; it is not older than that.
        route: which made it, for who counts by routes.
    """

    def __init__(self, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes, route: object) -> None:
        self.status = status
        self.body = body
        self.route = route
        self.asked_s = 0.0
        self.generation = 0
        self._headers = [(name, value) for name, value in headers if name != b"content-length"]
        self._etag = b'W/"%b"' % xxhash.xxh64_hexdigest(body).encode()  # weak: of all encodings of it
        self._replies: dict[Form, Reply] = {}

    def reply(self, known: bytes, accepted: bytes) -> Reply:
        """To who says so in `If-None-Match` and `Accept-Encoding`."""
        form = self._form(known, accepted)
        reply = self._replies.get(form)
        if reply is None:
            reply = self._replies[form] = self._make(form)
        return reply

    def _form(self, known: bytes, accepted: bytes) -> Form:
        if self.status != HTTPStatus.OK:
            return Form.PLAIN
        if known and (known == b"*" or self._etag in [tag.strip() for tag in known.split(b",")]):
            return Form.KNOWN
        return Form.GZIP if len(self.body) >= LEAST_TO_COMPRESS and takes_gzip(accepted) else Form.PLAIN

    def _make(self, form: Form) -> Reply:
        headers = self._headers
        if self.status == HTTPStatus.OK:
            headers = [*headers, (b"etag", self._etag), (b"vary", b"accept-encoding")]
        if form is Form.KNOWN:
            return Reply(HTTPStatus.NOT_MODIFIED, headers, b"")
        body = self.body
        if form is Form.GZIP:
            body = _zipped(body)
            headers = [*headers, (b"content-encoding", b"gzip")]
        return Reply(self.status, [*headers, (b"content-length", b"%d" % len(body))], body)

    @property
    def size(self) -> int:
        """Bytes that it may come to hold."""
        return 2 * len(self.body)


def _zipped(body: bytes) -> bytes:
    press = zlib.compressobj(_FAST, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return press.compress(body) + press.flush()


def takes_gzip(accepted: bytes) -> bool:
    """By name, and not with a weight of nothing."""
    for choice in accepted.lower().split(b",") if accepted else ():
        coding, _, weight = choice.partition(b";")
        if coding.strip() == b"gzip":
            return weight.replace(b" ", b"").rstrip(b"0.") != b"q=" if weight else True
    return False


class HotStore:
    """The newest answers, none older than `oldest_s`, nor than what was announced of its symbol."""

    def __init__(self, *, oldest_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._oldest_s = oldest_s
        self.clock = clock
        self.used_s = float("-inf")
        self.is_used = asyncio.Event()  # whoever listens to announcements need not, before
        self._answers: dict[HotName, Answer] = {}  # the oldest first
        self._generations: dict[str, int] = {}
        self._bytes = 0

    def generation(self, name: HotName) -> int:
        """How often something was announced of its symbol. Answers of all symbols only grow old."""
        return self._generations.get(name.symbol, 0) if name.symbol else 0

    def find(self, name: HotName) -> Answer | None:
        """An answer that still holds."""
        answer = self._answers.get(name)
        if answer is None:
            return None
        is_fresh = self.clock() - answer.asked_s < self._oldest_s and answer.generation == self.generation(name)
        return answer if is_fresh else None

    def keep(self, name: HotName, answer: Answer) -> None:
        """Unless it is no good one, or too large."""
        if answer.status != 200 or len(answer.body) > LARGEST_BYTES:
            return
        self._drop(name)
        self._answers[name] = answer
        self._bytes += answer.size
        while self._bytes > MOST_BYTES:
            self._drop(next(iter(self._answers)))
        self.used_s = self.clock()
        self.is_used.set()

    def forget(self, symbol: str) -> None:
        """Something new is there to be read of it."""
        self._generations[symbol] = self._generations.get(symbol, 0) + 1

    def _drop(self, name: HotName) -> None:
        answer = self._answers.pop(name, None)
        self._bytes -= answer.size if answer else 0
