"""Answers that are kept for a moment: as they were made, and as they were compressed."""

import asyncio
import time
import zlib
from collections.abc import Callable, Sequence

import xxhash

from wickstream.serve.front.hot_names import HotName

MOST_BYTES = 16_000_000
LARGEST_BYTES = 2_000_000
LEAST_TO_COMPRESS = 1_000
_FAST = 1  # a moment's answer is not worth more

RawHeaders = list[tuple[bytes, bytes]]


class Answer:
    """One answer of the application.

    Attributes:
        etag: weak, for all encodings of it.
        asked_s: when it was begun to be made; it is not older than that.
        route: which made it, for who counts by routes.
    """

    __slots__ = ("_zipped", "asked_s", "body", "etag", "generation", "headers", "route", "status")

    def __init__(self, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes, route: object) -> None:
        self.status = status
        self.headers = [(name, value) for name, value in headers if name != b"content-length"]
        self.body = body
        self.route = route
        self.etag = b'W/"%b"' % xxhash.xxh64_hexdigest(body).encode()
        self.asked_s = 0.0
        self.generation = 0
        self._zipped: bytes | None = None

    def zipped(self) -> bytes:
        """By gzip, once for all who take it."""
        if self._zipped is None:
            press = zlib.compressobj(_FAST, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
            self._zipped = press.compress(self.body) + press.flush()
        return self._zipped

    @property
    def size(self) -> int:
        """Bytes that it may come to hold."""
        return 2 * len(self.body)


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
