"""Keys: what is believed of one, and for how long."""

import time
from collections.abc import Awaitable, Callable, Iterable

from wickstream.errors import StoreBusy
from wickstream.serve.front.shared import Shared, answer_of
from wickstream.serve.front.territory import METRICS, SOCKET, Scope, is_drop_in
from wickstream.serve.problems import Problem
from wickstream.store.warm.api_keys import PREFIX, ApiKey, digest_of

BELIEVED_S = 4.0  # a key that is revoked is refused within 5 s, its question with it
MOST_KEYS = 10_000  # the oldest is forgotten first
MOST_BYTES = 200
OFFERED_KEY = "wickstream.key."  # a subprotocol that is offered, with the key behind it; keys are tokens (RFC 9110)

Find = Callable[[bytes], Awaitable[ApiKey | None]]

_BEARER = b"bearer "
_OFFERED = OFFERED_KEY.encode()
KEY_HEADERS = _OURS, _BINANCES = b"x-api-key", b"x-mbx-apikey"


def key_in(headers: Iterable[tuple[bytes, bytes]], path: str) -> str | None:
    """What a request brings as its key; None: nothing.

    Clients of Binance send their key for Binance, or an empty one, with every question: that is no key of ours.
    Prometheus sends one as a bearer's, and as nothing else. A page can put nothing into a handshake but subprotocols:
    there one of them may have the key, where no header has it.
    """
    on_drop_in = is_drop_in(path)
    offered: str | None = None
    for name, value in headers:
        if name == _OURS or (name == _BINANCES and on_drop_in and value.startswith(PREFIX.encode())):
            return value.decode("latin-1")
        if name == b"authorization" and path == METRICS and value[: len(_BEARER)].lower() == _BEARER:
            return value[len(_BEARER) :].decode("latin-1")
        if name == b"sec-websocket-protocol" and path == SOCKET and offered is None:
            offered = _offered_key(value)
    return offered


def _offered_key(subprotocols: bytes) -> str | None:
    for subprotocol in map(bytes.strip, subprotocols.split(b",")):
        if subprotocol.startswith(_OFFERED):
            return subprotocol[len(_OFFERED) :].decode("latin-1")
    return None


class Keys:
    """What PostgreSQL said of keys a moment ago; that there is none of a hash, too."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._held: dict[bytes, tuple[float, ApiKey | None]] = {}  # until when, in the order of it
        self._questions: Shared[bytes, ApiKey | None] = Shared()

    def holds(self, key: str) -> bool:
        """Whether nobody needs to be asked."""
        return not _may_be_one(key) or self._held.get(digest_of(key), (float("-inf"), None))[0] > self._clock()

    async def look_up(self, key: str, find: Find) -> ApiKey | None:
        """What is known of it.

        Raises:
            StoreBusy: If it is not known here and PostgreSQL does not answer.
        """
        if not _may_be_one(key):
            return None
        digest = digest_of(key)
        if not self.holds(key):
            return await answer_of(self._questions.ask(digest, lambda: self._ask(digest, find)))
        return self._held[digest][1]

    async def _ask(self, digest: bytes, find: Find) -> ApiKey | None:
        asked_at = self._clock()
        found = await find(digest)
        self._held.pop(digest, None)
        if len(self._held) >= MOST_KEYS:
            del self._held[next(iter(self._held))]
        self._held[digest] = (asked_at + BELIEVED_S, found)
        return found


def _may_be_one(key: str) -> bool:
    return len(key) <= MOST_BYTES and key.startswith(PREFIX) and key.isascii()


def refusal(found: ApiKey | None, scope: Scope, *, now_ms: int) -> Problem | None:
    """Why a key does not open this, or None."""
    if found is None:
        return Problem(401, "bad-key", "no such key; `wickstream keys list` tells which there are")
    if not found.is_good(now_ms):
        why = "revoked" if found.revoked_at is not None else "over"
        return Problem(401, "bad-key", f"the key {found.key_id} is {why}; ask for a new one")
    if scope not in found.scopes:
        detail = f"the key {found.key_id} has not the scope {scope}, which this needs"
        return Problem(403, "key-refused", detail, needs=str(scope))
    return None


def key_needed() -> Problem:
    """For who brings none where one is required."""
    return Problem(401, "key-needed", "a key is needed: send it as the header X-API-Key")


def unknown_for_now(exc: StoreBusy) -> Problem:
    """A key that cannot be looked up opens nothing, and is not called a bad one."""
    return Problem(503, "store-unavailable", f"keys cannot be looked up now ({exc}); ask again in 1 s")
